import type { ConfigDef } from './config/config-def.ts'
import type { ConnectRecord } from './connect-record.ts'
import type { Logger } from './logger.ts'
import type { Props } from './props.ts'

/** A single message transform. Synchronous; one instance a task. */
export interface Transformation {
  config(): ConfigDef
  /** Called before `configure`, with a logger whose lines name the connector and the task. */
  initialize?(log: Logger): void
  configure(props: Props): void
  /** @returns the record, a changed copy, or null to drop it. @throws DataException when the record does not fit */
  apply<R extends ConnectRecord>(record: R): R | null
  close?(): void
}

/** Decides whether a transformation applies to a record. */
export interface Predicate {
  config(): ConfigDef
  configure(props: Props): void
  test(record: ConnectRecord): boolean
  close?(): void
}
