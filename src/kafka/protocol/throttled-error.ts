import { Reader } from './reader.ts'
import type { Throttled } from './throttled.ts'

/** An answer that says no more than whether it worked. */
export interface ThrottledError extends Throttled {
  readonly error: number
}

export function decodeThrottledError(body: Buffer): ThrottledError {
  const reader = new Reader(body)
  return { throttleMs: reader.int32(), error: reader.int16() }
}
