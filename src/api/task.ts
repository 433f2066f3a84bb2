import type { Props } from './props.ts'

/** The part of a connector that moves records; see SourceTask and SinkTask for the order of calls. */
export interface Task {
  /** Of the plugin. */
  readonly version: string
  /** @param props one of the connector's `taskConfigs`, variables resolved @throws any error fails the task; `stop` is called all the same */
  start(props: Props): Promise<void> | void
  /** Releases what `start` took. Called once; also after a failed `start`. */
  stop(): Promise<void> | void
}
