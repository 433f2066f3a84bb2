import type { Apis } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { Errors } from '../protocol/errors.ts'
import { API_KEYS, type ApiName, type ResponseMessages } from '../protocol/messages.ts'

type ApiVersion = ResponseMessages['ApiVersions']['apiKeys'][number]

/** Answers 0–4: what this broker serves. */
export const API_VERSIONS_SERVED = [0, 4] as const

/** A version of ApiVersions to which each client can read the answer. */
export const OLDEST_API_VERSIONS = 0

/** KIP-511, ApiVersionsRequest: names and versions of client software are letters, digits, `-` and `.`. */
const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

/** What the broker serves, and since when clients may use it. */
export class ServedVersions {
  readonly #apiKeys: readonly ApiVersion[]

  constructor(apis: Apis) {
    const apiKeys = [listed('ApiVersions', API_VERSIONS_SERVED)]
    for (const api of Object.keys(apis) as ApiName[]) {
      const versions = apis[api]?.versions
      if (versions !== undefined) apiKeys.push(listed(api, versions))
    }
    this.#apiKeys = apiKeys.sort((left, right) => left.apiKey - right.apiKey)
  }

  answer(request: DecodedRequest<'ApiVersions'>, version: number): ResponseMessages['ApiVersions'] {
    const isNamed = SOFTWARE_NAME.test(request.clientSoftwareName) && SOFTWARE_NAME.test(request.clientSoftwareVersion)
    if (version >= 3 && !isNamed) return { errorCode: Errors.INVALID_REQUEST, apiKeys: [] }
    return { errorCode: Errors.NONE, apiKeys: [...this.#apiKeys] }
  }

  /** To a version that is newer than ours: the client asks again in one of those it is told here. */
  refusal(): ResponseMessages['ApiVersions'] {
    return { errorCode: Errors.UNSUPPORTED_VERSION, apiKeys: [listed('ApiVersions', API_VERSIONS_SERVED)] }
  }
}

/** librdkafka compresses only where it sees Produce from version 0, so Kafka lists it from there, too (KAFKA-18659). */
function listed(api: ApiName, [minVersion, maxVersion]: readonly [number, number]): ApiVersion {
  return { apiKey: API_KEYS[api], minVersion: api === 'Produce' ? 0 : minVersion, maxVersion }
}
