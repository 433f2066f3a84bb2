import { once } from 'node:events'
import { connect } from 'node:net'

const METADATA_V1_OF_NO_TOPIC = Buffer.from([
  ...[0, 0, 0, 19], // length
  ...[0, 3], // Metadata
  ...[0, 1], // version
  ...[0, 0, 0, 7], // correlation id
  ...[0, 5, ...Buffer.from('probe')], // client id
  ...[0, 0, 0, 0], // no topics
])

/** A broker that stands still for a moment is one all the same: nobody there is told at once. */
const ANSWER_TIMEOUT_MS = 20_000
const SMALLEST_ANSWER_WITH_A_BROKER = 4 + 4 + 4 + 10

/**
 * Whether a Kafka broker answers a Metadata request and lists itself. A bare TCP connect is no proof: the socket is open
 * seconds before the broker serves.
 */
export async function answersMetadata(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':')
  const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon))
  try {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
    await once(socket, 'connect', { signal: timeout })
    socket.write(METADATA_V1_OF_NO_TOPIC)
    let answer = Buffer.alloc(0)
    while (answer.length < SMALLEST_ANSWER_WITH_A_BROKER) {
      const [chunk] = (await once(socket, 'data', { signal: timeout })) as [Buffer]
      answer = Buffer.concat([answer, chunk])
    }
    return answer.readInt32BE(4) === 7 && answer.readInt32BE(8) > 0
  } catch {
    return false // not yet, or nobody there: the caller asks again or starts a broker
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}
