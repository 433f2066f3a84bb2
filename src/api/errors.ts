/**
 * The exceptions of Connect's contract. The runtime decides by class, never by message text:
 * RetriableException → the same work is tried again; DataException → this record is bad, tolerance applies;
 * ConfigException → a key is wrong; anything else fails the task.
 */

/** Base of everything Connect throws. `javaName` is shown in traces, dead letter headers and REST answers. */
export class ConnectException extends Error {
  static readonly javaName: string = 'org.apache.kafka.connect.errors.ConnectException'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }

  /** Java's full class name of this exception. */
  get javaName(): string {
    return (this.constructor as typeof ConnectException).javaName
  }
}

/** The other side cannot take or give records just now. Thrown by `poll` or `put`; the runtime waits and repeats the call. */
export class RetriableException extends ConnectException {
  static override readonly javaName: string = 'org.apache.kafka.connect.errors.RetriableException'
}

/** A record's bytes, schema or value are not usable. Subject to `errors.tolerance`. */
export class DataException extends ConnectException {
  static override readonly javaName: string = 'org.apache.kafka.connect.errors.DataException'
}

/** A schema was built from parts that do not fit together. */
export class SchemaBuilderException extends DataException {
  static override readonly javaName = 'org.apache.kafka.connect.errors.SchemaBuilderException'
}

/** A value cannot be carried from one schema to another. */
export class SchemaProjectorException extends DataException {
  static override readonly javaName = 'org.apache.kafka.connect.errors.SchemaProjectorException'
}

/** REST 404. */
export class NotFoundException extends ConnectException {
  static override readonly javaName = 'org.apache.kafka.connect.errors.NotFoundException'
}

/** REST 409. */
export class AlreadyExistsException extends ConnectException {
  static override readonly javaName = 'org.apache.kafka.connect.errors.AlreadyExistsException'
}

/** A task called its context when that is not allowed, such as pausing a partition it does not own. */
export class IllegalWorkerStateException extends ConnectException {
  static override readonly javaName = 'org.apache.kafka.connect.errors.IllegalWorkerStateException'
}

/** A configuration key has a value that cannot be used. The text names key, value and what would be right. */
export class ConfigException extends ConnectException {
  static override readonly javaName = 'org.apache.kafka.common.config.ConfigException'

  /** Java's sentence for one key: `Invalid value V for configuration K: REASON`. */
  static forKey(key: string, value: unknown, reason?: string): ConfigException {
    return new ConfigException(`Invalid value ${String(value)} for configuration ${key}${reason === undefined ? '' : `: ${reason}`}`)
  }
}
