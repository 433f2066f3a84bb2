import { ConnectException, DataException } from 'standpipe/api'

/**
 * A record that cannot become a document and may not be left out: the task fails, as with upstream. Shown under the name of Java's
 * DataException, but none to the runtime, which would look for the bad record by putting the batch again in parts.
 */
export class InvalidRecordException extends ConnectException {
  static override readonly javaName = DataException.javaName
}
