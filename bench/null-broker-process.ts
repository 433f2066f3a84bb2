/**
 * A broker that does no work, for the limits of a client: acknowledges Produce without looking inside, and answers Fetch with batches made
 * beforehand, for as many records as wanted. `null-broker-process.js TOPIC PARTITIONS RECORDS PAYLOADS` prints its port. It stands on the embedded
 * broker's network.
 */
import { readFileSync } from 'node:fs'
import type { Apis } from '../src/broker/api.ts'
import { BrokerServer } from '../src/broker/network/broker-server.ts'
import { silentLogger } from '../src/logging/logger.ts'
import { writeInt64 } from '../src/kafka/record/batch-format.ts'
import { batchOf, record } from '../test/support/record-batches.ts'

const BATCH_BYTES = 256 * 1024
const BATCHES_PER_FETCH = 4

const [topic = '', partitionCount = '4', recordCount = '0', payloads = ''] = process.argv.slice(2)
const partitions = Array.from({ length: Number(partitionCount) }, (_, index) => index)
/** Of each partition. */
const endOffset = Math.ceil(Number(recordCount) / partitions.length)

const lines = readFileSync(payloads, 'utf8').split('\n')
const perBatch = Math.floor(BATCH_BYTES / (lines[0]!.length + 20))
const batch = batchOf(
  Array.from({ length: perBatch }, (_, index) => record(lines[index % lines.length]!, { key: Buffer.from('key-0123') })),
)
/** What one fetch answers for a partition. One answer is under way at a time, so that only its offsets are written anew. */
const answers = partitions.map(() => Buffer.concat(Array.from({ length: BATCHES_PER_FETCH }, () => batch)))

function fetched(partition: number, offset: number): Buffer | null {
  if (offset >= endOffset) return null
  const answer = answers[partition]!
  for (let index = 0; index < BATCHES_PER_FETCH; index++) writeInt64(answer, index * batch.length, offset + index * perBatch)
  return answer
}

const ok = { errorCode: 0 }
let port = 0
const apis: Apis = {
  Metadata: {
    versions: [1, 8],
    answer: () => ({
      brokers: [{ nodeId: 1, host: '127.0.0.1', port, rack: null }],
      clusterId: 'null-broker',
      controllerId: 1,
      topics: [
        {
          ...ok,
          name: topic,
          partitions: partitions.map((partitionIndex) => ({ ...ok, partitionIndex, leaderId: 1, replicaNodes: [1], isrNodes: [1] })),
        },
      ],
    }),
  },
  InitProducerId: { versions: [0, 4], answer: () => ({ ...ok, producerId: 1, producerEpoch: 0 }) },
  Produce: {
    versions: [3, 8],
    answer: ({ acks, topicData }) => {
      if (acks === 0) return null
      const partitionResponses = (data: (typeof topicData)[number]) =>
        data.partitionData.map(({ index }) => ({ ...ok, index, baseOffset: 0 }))
      return { responses: topicData.map((data) => ({ name: data.name, partitionResponses: partitionResponses(data) })) }
    },
  },
  ListOffsets: {
    versions: [1, 5],
    answer: ({ topics }) => ({
      topics: topics.map(({ name, partitions: asked }) => ({
        name,
        partitions: asked.map(({ partitionIndex, timestamp }) => ({ ...ok, partitionIndex, offset: timestamp === -2 ? 0 : endOffset })),
      })),
    }),
  },
  Fetch: {
    versions: [4, 11],
    answer: ({ topics }) => ({
      responses: topics.map(({ topic: name, partitions: asked }) => ({
        topic: name,
        partitions: asked.map(({ partition, fetchOffset }) => ({
          ...ok,
          partitionIndex: partition,
          highWatermark: endOffset,
          records: fetched(partition, fetchOffset),
        })),
      })),
    }),
  },
}

const listener = { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 0 } as const
const server = await BrokerServer.start({ listeners: [listener], apis, log: silentLogger })
port = server.listeners[0]!.port
console.log(port)
