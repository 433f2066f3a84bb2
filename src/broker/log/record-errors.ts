import { ApiError, Errors } from '../protocol/errors.ts'

/** One record that cannot be taken, as Produce's answer lists it. */
export interface RecordError {
  /** Place of the record in its batch. */
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string
}

const SHOWN = 3

/** A batch of which single records cannot be taken; none of it is. */
export class RecordsRejected extends ApiError {
  readonly recordErrors: readonly RecordError[]

  constructor(error: typeof Errors.INVALID_TIMESTAMP | typeof Errors.INVALID_RECORD, recordErrors: readonly RecordError[]) {
    super(
      error,
      error === Errors.INVALID_TIMESTAMP ? 'One or more records have been rejected due to invalid timestamp' : textOf(recordErrors),
    )
    this.recordErrors = recordErrors
  }
}

function textOf(errors: readonly RecordError[]): string {
  const shown = errors
    .slice(0, SHOWN)
    .map((error) => `RecordError(batchIndex=${error.batchIndex}, message='${error.batchIndexErrorMessage}')`)
  return (
    `One or more records have been rejected due to ${errors.length} record errors in total, ` +
    `and only showing the first three errors at most: [${shown.join(', ')}]`
  )
}
