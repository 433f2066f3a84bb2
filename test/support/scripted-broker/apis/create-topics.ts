import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Api } from './api.ts'

export interface CreateTopicsRequest {
  readonly topics: readonly {
    readonly name: string
    readonly partitions: number
    readonly configs: readonly (readonly [string, string | null])[]
  }[]
}

const [TOPIC_ALREADY_EXISTS, NOT_CONTROLLER] = [36, 41]

export const createTopics: Api<CreateTopicsRequest> = {
  key: 19,
  versions: [2, 4],
  decode: (reader) => ({
    topics: reader.array(() => {
      const name = reader.string()
      const partitions = reader.int32()
      reader.int16() // replication factor
      reader.array(() => [reader.int32(), reader.array(() => reader.int32())])
      return { name, partitions, configs: reader.array(() => [reader.string(), reader.nullableString()] as const) }
    }),
  }),
  handle({ topics }, exchange) {
    const { cluster } = exchange
    const writer = new Writer().int32(exchange.throttleMs)
    return writer.array(topics, (_, { name, partitions }) => {
      let error = exchange.errorOf(name, -1)
      if (error === 0 && exchange.node !== cluster.controllerId) error = NOT_CONTROLLER
      if (error === 0 && cluster.topicNames().includes(name)) error = TOPIC_ALREADY_EXISTS
      if (error === 0) cluster.createTopic(name, partitions < 0 ? 1 : partitions)
      writer.string(name).int16(error).nullableString(null)
    })
  },
}
