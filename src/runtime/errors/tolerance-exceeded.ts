import { inspect } from 'node:util'
import { ConnectException } from '../../api/errors.ts'
import type { FailedRecord, RecordFailure } from './processing-context.ts'

/** The error that fails a task over one record: Connect's sentence, then where the record is and what can be done about it. */
export function toleranceExceeded({ stage, executing, record, error }: RecordFailure): ConnectException {
  const advice = 'Mend what is wrong and restart the task, or set errors.tolerance=all to skip such records'
  const text = `Tolerance exceeded in error handler: ${stage} with ${executing} failed for ${placeOf(record)}. ${advice}`
  return new ConnectException(text, { cause: error })
}

/** Where a person finds the record; nothing of what is in it. */
function placeOf(record: FailedRecord): string {
  if ('consumed' in record) {
    const { topic, partition, offset } = record.consumed
    return `the record at topic ${topic}, partition ${partition}, offset ${offset}`
  }
  const { topic, sourcePartition, sourceOffset } = record.source
  const shown = (value: unknown) => inspect(value, { breakLength: Infinity })
  return `the record for topic ${topic} from ${shown(sourcePartition)} at ${shown(sourceOffset)}`
}
