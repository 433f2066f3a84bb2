import { relative } from 'node:path'
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'

/**
 * Says at the very end, after what services print when they stop, which suites were skipped and why, and then on a line alone
 * how the tests of all projects went: `12 passed, 0 failed, 1 skipped`.
 */
export default class SummaryReporter implements Reporter {
  #root = process.cwd()
  #lines: readonly string[] = []

  onInit(vitest: Vitest): void {
    this.#root = vitest.config.root
    process.once('exit', () => {
      if (this.#lines.length > 0) process.stdout.write(`${this.#lines.join('\n')}\n`)
    })
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#lines = [...skippedSuites(modules, this.#root), summary(modules, unhandledErrors.length)]
  }
}

/** Files that could not be loaded and errors outside any test count as failed: no run with either ends with `0 failed`. */
export function summary(modules: readonly TestModule[], unhandledErrors: number): string {
  const count = { passed: 0, failed: unhandledErrors, skipped: 0 }
  for (const module of modules) {
    const failedBefore = count.failed
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      count[state === 'pending' ? 'failed' : state] += 1
    }
    if (module.state() === 'failed' && count.failed === failedBefore) count.failed += 1
  }
  return `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`
}

/** One line for each suite with tests that were not run. */
export function skippedSuites(modules: readonly TestModule[], root: string): string[] {
  const skipped = new Map<string, number>()
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const suite = `${relative(root, module.moduleId)} > ${outermostName(test)}`
      skipped.set(suite, (skipped.get(suite) ?? 0) + 1)
    }
  }
  return [...skipped].map(([suite, tests]) => `SKIPPED ${tests} of ${suite}`)
}

function outermostName(test: TestCase): string {
  let named: TestCase | TestSuite = test
  while (named.parent.type === 'suite') named = named.parent
  return named.name
}
