import { found } from './found.ts'

/**
 * What a test needs beyond the servers of its suite, such as a program. Where it cannot be had, that test is skipped with the reason as its
 * note; under CI=true, and outside a test, it is an error.
 */
export async function orSkipTest<Needed>(get: () => Promise<Needed>): Promise<Needed> {
  if (process.env.VITEST_WORKER_ID === undefined) return get()
  const needed = await found(get)
  if ('server' in needed) return needed.server
  return skipTest(needed.missing)
}

/** Ends the current test as skipped. @throws outside a test: the reason */
export async function skipTest(reason: string): Promise<never> {
  const { TestRunner } = await import('vitest')
  const test = TestRunner.getCurrentTest()
  if (test === undefined) throw new Error(reason)
  return test.context.skip(reason)
}
