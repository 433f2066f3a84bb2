/** What tests see of the services: shared ones by address, private ones that end with the test. Only for use inside vitest. */
import { describe, inject, onTestFinished } from 'vitest'
import { startKafka, type KafkaBroker, type KafkaOptions } from './kafka.ts'
import type {} from './global-setup.ts'

/**
 * `describe` for tests that need Apache Kafka. Where none can be had, on a machine without Java or network, the suite is skipped so
 * that the other tests can still be run there. Nobody takes that for a pass: the suite's name says why, the last lines of the run
 * repeat it, and under CI=true the run has failed before it came here.
 * @param define gets the address of the broker all suites share: use random topic and group names on it
 */
export function describeWithKafka(name: string, define: (address: string) => void): void {
  const kafka = inject('kafka')
  if ('address' in kafka) {
    describe(name, () => define(kafka.address))
  } else {
    describe.skip(`${name} (not run: ${kafka.missing})`, () => define(''))
  }
}

/** After a kill the controller takes the same broker back only when its old session is over: 9 s unless told otherwise. */
const SOON_BACK = { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' }

/** A broker for the current test alone, to be killed and restarted at will. Stopped when the test ends. */
export async function privateKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const kafka = await startKafka({ ...options, properties: { ...SOON_BACK, ...options.properties } })
  onTestFinished(() => kafka.stop())
  return kafka
}
