import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from '../protocol/list-offsets.ts'

/** What `auto.offset.reset` says to do where no position is known. */
export interface OffsetResetPolicy {
  /** As configured, for logs. */
  readonly text: string
  /** What to look up, as ListOffsets takes it; null: fail. Durations count back from the moment of the call. */
  readonly timestamp: (() => number) | null
}

const DURATION = /^\+?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i
const BY_DURATION = 'by_duration:'

/** @param text a value that the configuration has accepted */
export function offsetResetPolicy(text: string): OffsetResetPolicy {
  if (text === 'earliest') return { text, timestamp: () => EARLIEST_TIMESTAMP }
  if (text === 'latest') return { text, timestamp: () => LATEST_TIMESTAMP }
  if (text === 'none') return { text, timestamp: null }
  const durationMs = isoDurationMs(text.slice(BY_DURATION.length))
  return { text, timestamp: () => Date.now() - durationMs }
}

/** An ISO-8601 duration, days being 24 hours as in Java's Duration. */
function isoDurationMs(text: string): number {
  const parts = DURATION.exec(text)?.slice(1)
  if (parts === undefined) throw new RangeError(`${text} is not an ISO-8601 duration`)
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part) => Number(part ?? 0))
  return Math.floor(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000)
}
