import type { Reader } from '../../kafka/protocol/reader.ts'
import { Writer } from '../../kafka/protocol/writer.ts'
import { structCodec } from './struct-codec.ts'
import type { ValueCodec } from './value-codec.ts'
import type { MessageLayout } from './layout.ts'
import {
  API_KEYS,
  DATA_LAYOUTS,
  REQUEST_LAYOUTS,
  RESPONSE_LAYOUTS,
  type ApiName,
  type DataMessages,
  type RequestMessages,
  type ResponseMessages,
} from './messages.ts'

/** A message as it comes from the wire: fields that its version does not have, or that were not sent, hold their defaults. */
export type Decoded<T> = T extends Buffer
  ? T
  : T extends (infer Item)[]
    ? Decoded<Item>[]
    : T extends object
      ? { [Key in keyof T]-?: Decoded<T[Key]> }
      : T

export type DecodedRequest<Api extends ApiName> = Decoded<RequestMessages[Api]>
export type DecodedResponse<Api extends ApiName> = Decoded<ResponseMessages[Api]>

/** Null: an API that the tables do not have. */
export function apiName(apiKey: number): ApiName | null {
  return NAMES.get(apiKey) ?? null
}

const NAMES: ReadonlyMap<number, ApiName> = new Map((Object.keys(API_KEYS) as ApiName[]).map((api) => [API_KEYS[api], api]))

/** First and last version of an API that can be encoded and decoded. */
export function knownVersions(api: ApiName): readonly [number, number] {
  return REQUEST_LAYOUTS[api].versions
}

/** Whether header and body of this version have compact lengths and tagged fields. */
export function isFlexible(api: ApiName, version: number): boolean {
  return version >= REQUEST_LAYOUTS[api].flexibleFrom
}

/** @throws RangeError for bytes that are no such request */
export function decodeRequest<Api extends ApiName>(api: Api, version: number, reader: Reader): DecodedRequest<Api> {
  return codecOf(REQUEST_LAYOUTS[api], version).read(reader) as DecodedRequest<Api>
}

export function encodeRequest<Api extends ApiName>(api: Api, version: number, request: RequestMessages[Api], writer: Writer): void {
  codecOf(REQUEST_LAYOUTS[api], version).write(writer, request)
}

/** @throws RangeError for bytes that are no such response */
export function decodeResponse<Api extends ApiName>(api: Api, version: number, reader: Reader): DecodedResponse<Api> {
  return codecOf(RESPONSE_LAYOUTS[api], version).read(reader) as DecodedResponse<Api>
}

/** Byte fields `records` are attached and not copied. */
export function encodeResponse<Api extends ApiName>(api: Api, version: number, response: ResponseMessages[Api], writer: Writer): void {
  codecOf(RESPONSE_LAYOUTS[api], version).write(writer, response)
}

/** What clients put into byte fields, behind its version; subscriptions of group members, for example. */
export function encodeData<Name extends keyof DataMessages>(name: Name, version: number, data: DataMessages[Name]): Buffer {
  const writer = new Writer().int16(version)
  codecOf(DATA_LAYOUTS[name], version).write(writer, data)
  return Buffer.concat(writer.finish())
}

const codecs = new Map<MessageLayout, ValueCodec[]>()

/** Made when a version is first met. */
function codecOf(layout: MessageLayout, version: number): ValueCodec {
  let versions = codecs.get(layout)
  if (versions === undefined) codecs.set(layout, (versions = []))
  return (versions[version] ??= structCodec(layout.fields, version, version >= layout.flexibleFrom))
}
