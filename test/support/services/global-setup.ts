import type { TestProject } from 'vitest/node'
import { answersMetadata } from './metadata-probe.ts'
import { startKafka } from './kafka.ts'

/** A service as suites see it: where it is, or why it is not there. */
export type ProvidedService = { readonly address: string } | { readonly missing: string }

declare module 'vitest' {
  interface ProvidedContext {
    kafka: ProvidedService
  }
}

/** Runs once before the integration tests: every service they share is found or started here, and stopped when they are done. */
export default async function setUpServices(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.STANDPIPE_TEST_KAFKA
  if (given !== undefined && given !== '') {
    if (!(await answersMetadata(given))) throw new Error(`STANDPIPE_TEST_KAFKA names ${given}, but no Kafka broker answers there.`)
    project.provide('kafka', { address: given })
    return () => Promise.resolve()
  }
  return startSharedKafka(project)
}

async function startSharedKafka(project: TestProject): Promise<() => Promise<void>> {
  try {
    const kafka = await startKafka()
    project.provide('kafka', { address: kafka.address })
    return async () => {
      if (project.vitest.state.getCountOfFailedTests() === 0) return kafka.stop()
      await kafka.stopAndKeepLog()
      console.log(`The broker's log is kept: ${kafka.logFile}`)
    }
  } catch (error) {
    if (process.env.CI === 'true') throw error
    const missing = error instanceof Error ? error.message : String(error)
    project.provide('kafka', { missing })
    return () => Promise.resolve()
  }
}
