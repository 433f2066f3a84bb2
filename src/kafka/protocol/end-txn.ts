import type { ApiRequest } from '../transport.ts'
import { throttleMs } from './throttled.ts'
import { decodeThrottledError, type ThrottledError } from './throttled-error.ts'
import { writeTransaction, type TransactionIdentity } from './transaction-identity.ts'
import { Writer } from './writer.ts'

/** Goes to the transaction's coordinator. Sending it again, when the answer was lost, changes nothing: the answer is then the first one's. */
export function endTxn(transaction: TransactionIdentity, outcome: 'commit' | 'abort'): ApiRequest<ThrottledError> {
  return {
    apiKey: 26,
    apiName: 'EndTxn',
    minVersion: 0,
    maxVersion: 2,
    firstFlexibleVersion: null,
    encode: () =>
      writeTransaction(new Writer(), transaction)
        .boolean(outcome === 'commit')
        .finish(),
    decode: decodeThrottledError,
    throttleMs,
  }
}
