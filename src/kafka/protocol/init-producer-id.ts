import type { ApiRequest } from '../transport.ts'
import { Reader } from './reader.ts'
import { throttleMs, type Throttled } from './throttled.ts'
import { Writer } from './writer.ts'

export interface InitProducerIdData {
  /** Null: idempotence without transactions. */
  readonly transactionalId: string | null
  readonly transactionTimeoutMs: number
  /** The current id and epoch, to be given a higher epoch (KIP-360, version 3); null: a first call. */
  readonly current: { readonly producerId: number; readonly producerEpoch: number } | null
}

export interface InitProducerIdResponse extends Throttled {
  readonly error: number
  readonly producerId: number
  readonly producerEpoch: number
}

export function initProducerId(data: InitProducerIdData): ApiRequest<InitProducerIdResponse> {
  return {
    apiKey: 22,
    apiName: 'InitProducerId',
    minVersion: data.current === null ? 0 : 3,
    maxVersion: 4,
    firstFlexibleVersion: 2,
    encode: (version) => encode(data, version),
    decode,
    throttleMs,
  }
}

function encode({ transactionalId, transactionTimeoutMs, current }: InitProducerIdData, version: number): readonly Buffer[] {
  const writer = new Writer()
  if (version < 2) return writer.nullableString(transactionalId).int32(transactionTimeoutMs).finish()
  writer.compactNullableString(transactionalId).int32(transactionTimeoutMs)
  if (version >= 3) writer.int64(current?.producerId ?? -1).int16(current?.producerEpoch ?? -1)
  return writer.noTags().finish()
}

function decode(body: Buffer): InitProducerIdResponse {
  const reader = new Reader(body)
  return { throttleMs: reader.int32(), error: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() }
}
