import { KafkaError } from '../errors.ts'
import type { ApiRequest } from '../transport.ts'
import { bodyOf } from './frame.ts'

/** @throws KafkaError when the answer cannot be read: not a broker, or not the version it promised */
export function decodeAnswer<Response>(request: ApiRequest<Response>, version: number, payload: Buffer, broker: string): Response {
  try {
    return request.decode(bodyOf(request, version, payload), version)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new KafkaError(
      `The ${request.apiName} answer (version ${version}, ${payload.length} bytes) of ${broker} cannot be read: ${error.message}`,
      {
        code: 'MALFORMED_RESPONSE',
        number: null,
        javaName: 'org.apache.kafka.common.protocol.types.SchemaException',
        retriable: false,
        refresh: 'none',
        fenced: false,
        auth: false,
        abortable: false,
      },
      { cause: error },
    )
  }
}
