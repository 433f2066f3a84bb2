import type { NewTopic } from '../ports.ts'
import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

/** Outcome for one name of a request. */
export interface NamedOutcome {
  readonly name: string
  readonly error: number
  readonly errorMessage: string | null
}

export interface CreateTopicsResponse extends Throttled {
  readonly topics: readonly NamedOutcome[]
}

/** Goes to the controller. @param timeoutMs how long it may wait until the topics exist everywhere */
export function createTopics(topics: readonly NewTopic[], timeoutMs: number): ApiRequest<CreateTopicsResponse> {
  return {
    apiKey: 19,
    apiName: 'CreateTopics',
    minVersion: 2,
    maxVersion: 4,
    firstFlexibleVersion: null,
    encode: () => encode(topics, timeoutMs),
    decode,
    throttleMs,
  }
}

function encode(topics: readonly NewTopic[], timeoutMs: number): readonly Buffer[] {
  return new Writer()
    .array(topics, (writer, { name, partitions, replicationFactor, configs = {} }) => {
      writer.string(name).int32(partitions).int16(replicationFactor).int32(0) // no replica assignments
      writer.array(Object.entries(configs), (_, [key, value]) => writer.string(key).nullableString(value))
    })
    .int32(timeoutMs)
    .boolean(false) // not only validated
    .finish()
}

function decode(body: Buffer): CreateTopicsResponse {
  const reader = new Reader(body)
  return {
    throttleMs: reader.int32(),
    topics: reader.array(() => ({ name: reader.string(), error: reader.int16(), errorMessage: reader.nullableString() })),
  }
}
