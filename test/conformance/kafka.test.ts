import { startKafka } from '../support/services/kafka.ts'
import { conformance } from './conformance.ts'
import { SERVER_PROPERTIES } from './target.ts'

conformance({
  name: 'Apache Kafka 4.3.1',
  takesCluster: false,
  async start() {
    const given = process.env.STANDPIPE_CONFORMANCE_KAFKA // host:port of a broker with SERVER_PROPERTIES that stays up: for whoever writes cases
    if (given !== undefined) return { address: given, stop: () => Promise.resolve() }
    const broker = await startKafka({ properties: SERVER_PROPERTIES })
    return { address: broker.address, stop: () => broker.stop() }
  },
})
