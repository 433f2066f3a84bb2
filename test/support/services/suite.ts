/** What tests see of the services: shared ones by address, private ones that end with the test. Only for use inside vitest. */
import { describe, inject, onTestFinished } from 'vitest'
import { found, type Found } from './found.ts'
import type {} from './global-setup.ts'
import { kafkaJars } from './kafka-jars.ts'
import { startKafka, type KafkaBroker, type KafkaOptions } from './kafka.ts'

/** JVMs of a busy machine take minutes to start, which nobody can help. */
const PATIENT = { timeout: 300_000 }
/** Of hooks that start a server. */
export const START_TIMEOUT_MS = 300_000

/**
 * `describe` for tests that need a server. Nobody takes a suite that is skipped for a pass: its name says why, and the last lines of the
 * run repeat it.
 * @param absent stands for the server where tests are only listed
 */
export function describeWith<Server>(name: string, server: Found<Server>, absent: Server, define: (server: Server) => void): void {
  if ('missing' in server) describe.skip(`${name} (not run: ${server.missing})`, () => define(absent))
  else describe(name, PATIENT, () => define(server.server))
}

/**
 * `describe` for tests that need Apache Kafka.
 * @param define gets the address of the broker all suites share: use random topic and group names on it
 */
export function describeWithKafka(name: string, define: (address: string) => void): void {
  describeWith(name, inject('kafka'), '', define)
}

/**
 * `describe` for tests that start Apache Kafka for themselves, since they need what the shared broker does not have, such as several nodes.
 * To be awaited at the top of a test file.
 */
export async function describeWithApacheKafka(name: string, define: () => void): Promise<void> {
  describeWith(name, await found(kafkaJars), { classPath: '', pluginPath: '' }, define)
}

/** After a kill the controller takes the same broker back only when its old session is over: 9 s unless told otherwise. */
const SOON_BACK = { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' }

/** A broker for the current test alone, to be killed and restarted at will. Stopped when the test ends. */
export async function privateKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const kafka = await startKafka({ ...options, properties: { ...SOON_BACK, ...options.properties } })
  onTestFinished(() => kafka.stop())
  return kafka
}
