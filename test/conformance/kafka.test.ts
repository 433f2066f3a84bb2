import { found } from '../support/services/found.ts'
import { startKafka } from '../support/services/kafka.ts'
import { conformance } from './conformance.ts'
import { SERVER_PROPERTIES, type RunningTarget } from './target.ts'

/** Of a Kafka with SERVER_PROPERTIES that stays up, for whoever writes cases. */
const given = process.env.STANDPIPE_CONFORMANCE_KAFKA

conformance({
  name: 'Apache Kafka 4.3.1',
  takesCluster: false,
  running: given === undefined ? await found(startTarget) : { server: { address: given, stop: () => Promise.resolve() } },
})

async function startTarget(): Promise<RunningTarget> {
  const broker = await startKafka({ properties: { ...SERVER_PROPERTIES, 'log.retention.ms': null } })
  return { address: broker.address, stop: () => broker.stop() }
}
