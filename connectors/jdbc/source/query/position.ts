import type { SourceOffset } from 'standpipe/api'
import { ConnectException } from 'standpipe/api'

/** Where a table has been read to. Immutable. A part that the mode does not use is null. */
export interface Position {
  /** A whole number as text, exact whatever its size. */
  readonly id: string | null
  readonly time: Instant | null
  /** What the server's transactions saw when that was read, as it writes it. Absent: nobody looks for rows that come later still. */
  readonly snapshot?: string
}

/** A point in time as the server keeps it. */
export interface Instant {
  /** Whole milliseconds since 1970, rounded down. */
  readonly ms: number
  /** 0 to 999, on top of `ms`. */
  readonly micros: number
}

/** Nothing is known: the table is read from its beginning. */
export const nowhere: Position = { id: null, time: null }

/** An offset as Java's HashMap prints it; `{}` for a position that says nothing. */
export function offsetOf({ id, time, snapshot }: Position): SourceOffset {
  if (time === null && id !== null && snapshot !== undefined) return { incrementing: idValue(id), snapshot }
  if (time === null) return id === null ? {} : { incrementing: idValue(id) }
  const nanos = nanosOf(time)
  return id === null
    ? { timestamp_nanos: nanos, timestamp: time.ms }
    : { timestamp_nanos: nanos, incrementing: idValue(id), timestamp: time.ms }
}

/** Reads what any version of Java's connectors has stored. @throws ConnectException for a member that is no number */
export function positionOf(offset: SourceOffset): Position {
  const id = integer(offset, 'incrementing')
  const ms = integer(offset, 'timestamp')
  const nanos = Number(integer(offset, 'timestamp_nanos') ?? '0')
  const { snapshot } = offset
  if (ms === null) return typeof snapshot === 'string' ? { id, time: null, snapshot } : { id, time: null }
  const hasNanos = offset['timestamp_nanos'] !== undefined && offset['timestamp_nanos'] !== null
  const second = Math.floor(Number(ms) / 1000) * 1000
  if (!hasNanos) return { id, time: { ms: Number(ms), micros: 0 } }
  const micros = Math.floor(nanos / 1000)
  return { id, time: { ms: second + Math.floor(micros / 1000), micros: micros % 1000 } }
}

/** Epoch microseconds. */
export function microsOf({ ms, micros }: Instant): bigint {
  return BigInt(ms) * 1000n + BigInt(micros)
}

/** Whether `a` is after `b`. */
export function isLater(a: Instant, b: Instant): boolean {
  return a.ms > b.ms || (a.ms === b.ms && a.micros > b.micros)
}

/** Within the second. */
function nanosOf({ ms, micros }: Instant): number {
  return (((ms % 1000) + 1000) % 1000) * 1_000_000 + micros * 1000
}

function idValue(id: string): number | bigint {
  const number = Number(id)
  return Number.isSafeInteger(number) ? number : BigInt(id)
}

function integer(offset: SourceOffset, member: string): string | null {
  const value = offset[member]
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint' || Number.isInteger(value)) return String(value)
  throw new ConnectException(
    `The stored offset ${JSON.stringify(offset)} cannot be read: ${member} is no whole number. Remove or correct it.`,
  )
}
