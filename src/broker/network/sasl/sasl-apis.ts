import type { Apis } from '../../api.ts'
import { Errors } from '../../protocol/errors.ts'

/** Answers where there is nothing to authenticate: on listeners without SASL. Kafka lists these APIs on every listener. */
export const saslApis: Apis = {
  SaslHandshake: { versions: [0, 1], answer: () => ({ errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] }) },
  SaslAuthenticate: {
    versions: [0, 2],
    answer: () => ({
      errorCode: Errors.ILLEGAL_SASL_STATE,
      errorMessage: 'SaslAuthenticate request received after successful authentication',
      authBytes: Buffer.alloc(0),
    }),
  },
}
