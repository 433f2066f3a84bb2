import type { RequestFailure } from '../client/request-failure.ts'

/** What to do about a bulk request that failed as a whole. alone: its one operation cannot be sent at all. */
export type Verdict = 'again' | 'split' | 'alone' | 'fail'

export interface RequestFacts {
  /** Operations in the request. */
  readonly count: number
  readonly bytes: number
  /** Of the largest request that this server took. */
  readonly largestAccepted: number
  /** At this request, this one included. */
  readonly attempts: number
  /** Of those, the last ones in a row that brought nothing forward, this one included. */
  readonly inVain: number
  /** Of those, the ones that ended without an answer although they were sent. */
  readonly unanswered: number
  readonly maxRetries: number
}

/** So often without an answer: the peer may find the request too large, or need longer for it than `read.timeout.ms`. */
const unansweredBeforeSplit = 3
const suspiciousBytes = 64 * 1024

/** Decided by kind and status of the failure alone. */
export function verdictOn(failure: RequestFailure, facts: RequestFacts): Verdict {
  if (failure.isPassing) return looksTooLarge(facts) ? 'split' : repeat(facts)
  switch (failure.status) {
    case 413:
      return tooLarge(facts)
    case 400:
      return facts.count > 1 ? 'split' : 'alone'
    case 401:
      return facts.attempts === 1 ? repeat(facts) : 'fail'
    default:
      return 'fail'
  }
}

/** A size that was taken before is no reason, unless the answer comes again. Else a single operation gets a second chance. */
function tooLarge(facts: RequestFacts): Verdict {
  const wasTaken = facts.bytes <= facts.largestAccepted
  if (facts.count > 1) return wasTaken && facts.inVain === 1 ? repeat(facts) : 'split'
  if (wasTaken) return repeat(facts)
  return facts.attempts === 1 && facts.maxRetries > 0 ? 'again' : 'alone'
}

function repeat({ attempts, maxRetries }: RequestFacts): Verdict {
  return attempts > maxRetries ? 'fail' : 'again'
}

function looksTooLarge({ count, bytes, unanswered }: RequestFacts): boolean {
  return count > 1 && bytes > suspiciousBytes && unanswered >= unansweredBeforeSplit
}
