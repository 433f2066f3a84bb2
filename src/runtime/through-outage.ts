import { setTimeout as delay } from 'node:timers/promises'
import { faultKindOf } from './errors/fault-kind.ts'
import type { Outage } from './outage.ts'

/** Waits, but not beyond the task's stop. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

/**
 * Repeats a call while another system is out.
 * @param parts.doing what is tried again, for status and log
 * @throws what the call throws, when it is no outage or the task shall stop
 */
export async function throughOutage<T>(
  { outage, signal, doing }: { readonly outage: Outage; readonly signal: AbortSignal; readonly doing: string },
  call: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      const result = await call()
      outage.over()
      return result
    } catch (error) {
      if (faultKindOf(error) !== 'system' || signal.aborted) throw error
      await pause(outage.failed(doing, error), signal)
    }
  }
}
