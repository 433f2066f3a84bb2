import { setTimeout as delay } from 'node:timers/promises'
import { faultKindOf } from './errors/fault-kind.ts'
import type { Outage } from './outage.ts'

/** Waits, but not beyond the task's stop. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

interface OutageWork {
  readonly outage: Outage
  readonly signal: AbortSignal
  /** What is tried again, for status and log. */
  readonly doing: string
  /** Which errors are waited for; absent: every system fault. */
  readonly isOutage?: (error: unknown) => boolean
}

/**
 * Repeats a call while another system is out.
 * @throws what the call throws, when it is no outage or the task shall stop
 */
export async function throughOutage<T>(work: OutageWork, call: () => Promise<T>): Promise<T> {
  const { outage, signal, doing, isOutage = isSystemFault } = work
  for (;;) {
    try {
      const result = await call()
      outage.over()
      return result
    } catch (error) {
      if (!isOutage(error) || signal.aborted) throw error
      await pause(outage.failed(doing, error), signal)
    }
  }
}

function isSystemFault(error: unknown): boolean {
  return faultKindOf(error) === 'system'
}
