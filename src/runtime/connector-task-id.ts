/** A task of a connector; prints as Connect does, `local-file-sink-0`. Plain, so that it crosses threads. */
export interface ConnectorTaskId {
  readonly connector: string
  readonly task: number
}

export function taskIdText(id: ConnectorTaskId): string {
  return `${id.connector}-${id.task}`
}
