import { inspect } from 'node:util'
import { ConnectException } from '../../api/errors.ts'
import type { FailedRecord, RecordFailure } from './processing-context.ts'

/** Why a record's failure is not tolerated. */
export type Intolerance =
  | { readonly why: 'tolerance none' }
  /** An outage or the end of the stack: not a fault of the record. */
  | { readonly why: 'not the record' }
  /** What of the budget of tolerated records is used up, as a sentence. */
  | { readonly why: 'budget'; readonly usedUp: string }

/** The error that fails a task over one record: Connect's sentence, then where the record is and what can be done about it. */
export function toleranceExceeded(failure: RecordFailure, intolerance: Intolerance = { why: 'tolerance none' }): ConnectException {
  return new ConnectException(`Tolerance exceeded in error handler: ${textOf(failure, intolerance)}`, { cause: failure.error })
}

function textOf({ stage, executing, record }: RecordFailure, intolerance: Intolerance): string {
  const place = `${stage} with ${executing} failed for ${placeOf(record)}`
  switch (intolerance.why) {
    case 'tolerance none':
      return `${place}. Mend what is wrong and restart the task, or set errors.tolerance=all to skip such records`
    case 'not the record':
      return `${place}, and not because of the record, so that errors.tolerance does not apply. Mend what is wrong and restart the task`
    case 'budget':
      return `${intolerance.usedUp}. At the last one ${place}. Mend what makes records bad and restart the task, which counts anew, or raise that limit`
  }
}

/** Where a person finds the record; nothing of what is in it. */
export function placeOf(record: FailedRecord): string {
  if ('consumed' in record) {
    const { topic, partition, offset } = record.consumed
    return `the record at topic ${topic}, partition ${partition}, offset ${offset}`
  }
  const { topic, sourcePartition, sourceOffset } = record.source
  const shown = (value: unknown) => inspect(value, { breakLength: Infinity })
  return `the record for topic ${topic} from ${shown(sourcePartition)} at ${shown(sourceOffset)}`
}
