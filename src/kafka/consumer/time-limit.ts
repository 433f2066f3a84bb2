import { timeoutException } from '../errors.ts'
import { MAX_TIMER_MS } from '../timer.ts'

/**
 * Waits for the work, but not longer than `ms`; Infinity: as long as it takes. The work itself is not ended, and its late outcome
 * has no one to tell.
 * @throws KafkaError TimeoutException with this message
 */
export async function withinTime<T>(ms: number, message: string, work: Promise<T>): Promise<T> {
  if (ms > MAX_TIMER_MS) return work
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timeoutException(message)), ms)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
