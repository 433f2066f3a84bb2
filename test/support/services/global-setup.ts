import type { TestProject } from 'vitest/node'
import { startBroker } from '../../../src/testing.ts'
import { found, type Found } from './found.ts'
import { answersMetadata } from './metadata-probe.ts'
import { startKafka } from './kafka.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the broker. */
    kafka: Found<string>
  }
}

/** Runs once before the integration tests: every service they share is found or started here, and stopped when they are done. */
export default async function setUpServices(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.STANDPIPE_TEST_KAFKA
  if (given !== undefined && given !== '') {
    if (!(await answersMetadata(given))) throw new Error(`STANDPIPE_TEST_KAFKA names ${given}, but no Kafka broker answers there.`)
    project.provide('kafka', { server: given })
    return () => Promise.resolve()
  }
  return startSharedKafka(project)
}

/**
 * Where Apache Kafka cannot be had, the suites run on the embedded broker as far as it goes: a test that needs Java, or a broker of its own to
 * kill, is skipped and says so.
 */
async function startSharedEmbedded(project: TestProject, missing: string): Promise<() => Promise<void>> {
  console.log(`Tests run on the embedded broker in place of Apache Kafka: ${missing}`)
  const broker = await startBroker()
  project.provide('kafka', { server: broker.address })
  return () => broker.stop()
}

async function startSharedKafka(project: TestProject): Promise<() => Promise<void>> {
  const kafka = await found(() => startKafka())
  if ('missing' in kafka) return startSharedEmbedded(project, kafka.missing)
  const broker = kafka.server
  project.provide('kafka', { server: broker.address })
  return async () => {
    if (project.vitest.state.getCountOfFailedTests() === 0) return broker.stop()
    await broker.stopAndKeepLog()
    console.log(`The broker's log is kept: ${broker.logFile}`)
  }
}
