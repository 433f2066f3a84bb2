import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const conditions = ['standpipe:source', 'node']
/** What a stalled machine breaks is not to stop a change; the last lines of the run tell of it, to be looked into. */
const retry = process.env['CI'] === undefined ? 0 : 1
const sources = { resolve: { conditions }, ssr: { resolve: { conditions } } }

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        ...sources,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/compat/**/*.test.ts', 'test/contract/**/*.test.ts'],
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          // Two on two cores: Vitest's own count is one there, and half of the time is the start of a file.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 1 },
          retry,
        },
      },
      {
        ...sources,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/crash/**/*.test.ts', 'test/conformance/**/*.test.ts'],
          globalSetup: ['test/support/services/global-setup.ts'],
          // A busy machine takes its time; a second, as Vitest has it for a poll, is none.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect: { poll: { timeout: 60_000 } },
          maxWorkers: 2,
          retry,
        },
      },
    ],
  },
})
