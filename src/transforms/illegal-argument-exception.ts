import { DataException } from '../api/errors.ts'

/** What Java throws as java.lang.IllegalArgumentException where a record does not fit the configuration. */
export class IllegalArgumentException extends DataException {
  static override readonly javaName = 'java.lang.IllegalArgumentException'
}
