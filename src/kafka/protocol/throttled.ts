/** Answers that say how long the broker wants to be left alone (KIP-219); 0: not at all. */
export interface Throttled {
  readonly throttleMs: number
}

export function throttleMs(response: Throttled): number {
  return response.throttleMs
}
