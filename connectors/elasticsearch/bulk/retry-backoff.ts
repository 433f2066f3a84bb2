/** How long before a further attempt; the shape is that of upstream's RetryUtil, with a cap. */
export interface RetryBackoff {
  /** `retry.backoff.ms`. */
  readonly baseMs: number
  /** No wait is longer, unless the base is. */
  readonly longestMs: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** @param attempts made so far, at least 1 @returns uniform in [0, base · 2^attempts), within the cap */
export function retryDelayMs({ baseMs, longestMs, random }: RetryBackoff, attempts: number): number {
  const cap = Math.max(longestMs, baseMs)
  return random() * Math.min(baseMs * 2 ** attempts, cap)
}
