import { DataException } from '../api/errors.ts'

/** Java's own error for a group or position that is not there; traces and dead letters name it so. */
export class IndexOutOfBoundsException extends DataException {
  static override readonly javaName: string = 'java.lang.IndexOutOfBoundsException'
}
