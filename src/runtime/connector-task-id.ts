/** A task of a connector; prints as Connect does, `local-file-sink-0`. Plain, so that it crosses threads. */
export interface ConnectorTaskId {
  readonly connector: string
  readonly task: number
}

export function taskIdText(id: ConnectorTaskId): string {
  return `${id.connector}-${id.task}`
}

/** How log lines name the task, as Connect's do: `[local-file-sink|task-0]`. */
export function taskLogContext({ connector, task }: ConnectorTaskId): string {
  return `[${connector}|task-${task}]`
}
