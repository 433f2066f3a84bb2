import { ConnectException } from 'standpipe/api'

/** A table is not as the records need it, and may not be made so. */
export class TableAlterOrCreateException extends ConnectException {
  static override readonly javaName = 'io.confluent.connect.jdbc.sink.TableAlterOrCreateException'
}
