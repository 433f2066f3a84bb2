import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

const TOPIC = 2

export interface DescribeConfigsResponse extends Throttled {
  readonly error: number
  readonly errorMessage: string | null
  /** Null values are sensitive or unset. */
  readonly configs: ReadonlyMap<string, string | null>
}

/** All configurations of one topic, defaults included. */
export function describeTopicConfigs(topic: string): ApiRequest<DescribeConfigsResponse> {
  return {
    apiKey: 32,
    apiName: 'DescribeConfigs',
    minVersion: 1,
    maxVersion: 2,
    firstFlexibleVersion: null,
    encode: () =>
      new Writer()
        .array([topic], (writer, name) => writer.int8(TOPIC).string(name).stringArray(null))
        .boolean(false) // no synonyms
        .finish(),
    decode,
    throttleMs,
  }
}

function decode(body: Buffer): DescribeConfigsResponse {
  const reader = new Reader(body)
  const throttle = reader.int32()
  const [result] = reader.array(() => decodeResult(reader))
  return { throttleMs: throttle, ...(result ?? { error: -1, errorMessage: 'The answer has no result', configs: new Map() }) }
}

function decodeResult(reader: Reader): Omit<DescribeConfigsResponse, 'throttleMs'> {
  const error = reader.int16()
  const errorMessage = reader.nullableString()
  reader.int8() // resource type
  reader.string() // resource name
  return { error, errorMessage, configs: new Map(reader.array(() => decodeConfig(reader))) }
}

function decodeConfig(reader: Reader): readonly [string, string | null] {
  const config = [reader.string(), reader.nullableString()] as const
  reader.boolean() // read only
  reader.int8() // source
  reader.boolean() // sensitive
  reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]) // synonyms
  return config
}
