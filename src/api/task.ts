import type { Props } from './props.ts'

/** The part of a connector that moves records; see SourceTask and SinkTask for the order of calls. */
export interface Task {
  readonly version: string
  /** @throws any error fails the task; `stop` is called all the same */
  start(props: Props): Promise<void> | void
  stop(): Promise<void> | void
}
