import { ApiError, Errors, type ErrorNumber } from '../protocol/errors.ts'

/** Clients of this version know PRODUCER_FENCED; older ones get INVALID_PRODUCER_EPOCH in its place (KIP-588). */
const FENCED_SINCE = { InitProducerId: 4, AddPartitionsToTxn: 2, AddOffsetsToTxn: 2, EndTxn: 2 } as const

/** The error that a step ends with, as clients of that version know it. */
export async function errorOf(api: keyof typeof FENCED_SINCE, version: number, step: () => Promise<void>): Promise<ErrorNumber> {
  try {
    await step()
    return Errors.NONE
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return error.error === Errors.PRODUCER_FENCED && version < FENCED_SINCE[api] ? Errors.INVALID_PRODUCER_EPOCH : error.error
  }
}
