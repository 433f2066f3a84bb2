import type { ConfigDef } from './config/config-def.ts'
import type { ConnectRecord } from './connect-record.ts'
import type { Logger } from './logger.ts'
import type { Props } from './props.ts'

/** A single message transform. Synchronous; one instance a task. */
export interface Transformation {
  /** The declared keys. Called at any time, also on an instance that is never configured. */
  config(): ConfigDef
  /** Called before `configure`, with a logger whose lines name the connector and the task. */
  initialize?(log: Logger): void
  /** Called once. @param props the keys under `transforms.ALIAS.`, prefix removed @throws ConfigException fails the task */
  configure(props: Props): void
  /** @returns the record, a changed copy, or null to drop it. @throws DataException when the record does not fit */
  apply<R extends ConnectRecord>(record: R): R | null
  /** Called once, when the task has stopped. */
  close?(): void
}

/** Decides whether a transformation applies to a record. Synchronous; one instance for each transformation that names it. */
export interface Predicate {
  /** As Transformation's. */
  config(): ConfigDef
  /** Called once. @param props the keys under `predicates.ALIAS.`, prefix removed @throws ConfigException fails the task */
  configure(props: Props): void
  /** @throws any error counts as one of the transformation: tolerance applies */
  test(record: ConnectRecord): boolean
  /** Called once, when the task has stopped. */
  close?(): void
}
