import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node'

/**
 * Says at the very end, after what services print when they stop, which tests passed only when tried again, which suites were skipped
 * and why, and then on a line alone how the tests of all projects went: `12 passed, 0 failed, 1 skipped`.
 */
export default class SummaryReporter implements Reporter {
  #root = process.cwd()
  #remarks: readonly string[] = []
  /** Null: no tests were run to an end. */
  #count: Count | null = null

  onInit(vitest: Vitest): void {
    this.#root = vitest.config.root
    process.once('exit', (code) => {
      if (this.#count === null) return
      // of a service that could not be started vitest tells its reporters nothing: only its exit code does
      if (code !== 0 && this.#count.failed === 0) this.#count.failed = 1
      process.stdout.write(`${[...this.#remarks, summary(this.#count)].join('\n')}\n`)
    })
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#remarks = [...triedAgain(modules, this.#root), ...skippedSuites(modules, this.#root)]
    this.#count = countTests(modules, unhandledErrors.length)
  }
}

interface Count {
  passed: number
  failed: number
  skipped: number
}

function summary({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** Files that could not be loaded and errors outside any test count as failed: no run with either ends with `0 failed`. */
function countTests(modules: readonly TestModule[], unhandledErrors: number): Count {
  const count: Count = { passed: 0, failed: unhandledErrors, skipped: 0 }
  for (const module of modules) {
    const failedBefore = count.failed
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      count[state === 'pending' ? 'failed' : state] += 1
    }
    if (module.state() === 'failed' && count.failed === failedBefore) count.failed += 1
  }
  return count
}

/** Each test that failed and then passed, with what it failed on: somebody has to find out why. */
function triedAgain(modules: readonly TestModule[], root: string): string[] {
  return modules.flatMap((module) =>
    [...module.children.allTests('passed')]
      .filter((test) => test.diagnostic()?.flaky)
      .flatMap((test) => [`PASSED ON RETRY ${relative(root, module.moduleId)} > ${test.fullName}`, ...firstFailure(test)]),
  )
}

function firstFailure(test: TestCase): string[] {
  const { message, diff } = test.result().errors?.[0] ?? { message: 'unknown' }
  const text = stripVTControlCharacters([message, diff].filter(Boolean).join('\n'))
  return text.split('\n').map((line) => `  ${line}`)
}

/** One line for each suite with tests that were not run. */
function skippedSuites(modules: readonly TestModule[], root: string): string[] {
  const skipped = new Map<string, number>()
  const reasons = new Map<string, Set<string>>()
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const suite = `${relative(root, module.moduleId)} > ${outermostName(test)}`
      skipped.set(suite, (skipped.get(suite) ?? 0) + 1)
      const { note } = test.result() as { readonly note?: string }
      if (note !== undefined) reasons.set(suite, (reasons.get(suite) ?? new Set()).add(note))
    }
  }
  return [...skipped].map(([suite, tests]) => {
    const why = [...(reasons.get(suite) ?? [])].join('; ')
    return `SKIPPED ${tests} of ${suite}${why === '' ? '' : ` (not run: ${why})`}`
  })
}

function outermostName(test: TestCase): string {
  let named: TestCase | TestSuite = test
  while (named.parent.type === 'suite') named = named.parent
  return named.name
}
