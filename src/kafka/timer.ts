import { setTimeout as timeout } from 'node:timers/promises'

/** Monotonic milliseconds: a step of the wall clock neither ends a wait nor stretches it. */
export type Clock = () => number

export const monotonic: Clock = () => performance.now()

/** Longest delay `setTimeout` keeps, 24 days. A longer one, such as a time-out of Long.MAX_VALUE, would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** As `setTimeout`, for a delay of any length: one that is too long for it is cut to the longest. */
export function startTimer(delayMs: number, fire: () => void): NodeJS.Timeout {
  return setTimeout(fire, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS))
}

/**
 * As `startTimer`, but whatever has come over sockets by then is read first, since timers fire before sockets are read: a process that
 * stood still for longer than the delay meets the answer that waits for it, not its absence.
 * @returns stops it
 */
export function startDeadline(delayMs: number, fire: () => void): () => void {
  let sockets: NodeJS.Immediate | undefined
  const timer = startTimer(delayMs, () => (sockets = setImmediate(fire)))
  return () => {
    clearTimeout(timer)
    clearImmediate(sockets)
  }
}

/** Waits, at most {@link MAX_TIMER_MS}. @throws the signal's reason when it fires */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await timeout(Math.min(ms, MAX_TIMER_MS), undefined, { signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error
  })
}
