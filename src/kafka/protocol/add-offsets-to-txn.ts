import type { ApiRequest } from '../transport.ts'
import { throttleMs } from './throttled.ts'
import { decodeThrottledError, type ThrottledError } from './throttled-error.ts'
import { writeTransaction, type TransactionIdentity } from './transaction-identity.ts'
import { Writer } from './writer.ts'

/** Goes to the transaction's coordinator, before offsets of the group are committed in the transaction. */
export function addOffsetsToTxn(transaction: TransactionIdentity, groupId: string): ApiRequest<ThrottledError> {
  return {
    apiKey: 25,
    apiName: 'AddOffsetsToTxn',
    minVersion: 0,
    maxVersion: 2,
    firstFlexibleVersion: null,
    encode: () => writeTransaction(new Writer(), transaction).string(groupId).finish(),
    decode: decodeThrottledError,
    throttleMs,
  }
}
