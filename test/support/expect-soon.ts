import { expect } from 'vitest'

/** As `expect.poll`, which by itself looks for one second: on a busy machine that is no time. */
export function expectSoon<T>(look: () => T) {
  return expect.poll(look, { timeout: 60_000 })
}
