import type { SinkRecord } from 'standpipe/api'
import type { BulkAction } from '../bulk-operation.ts'
import { isObject, parsedJson } from './bulk-answer.ts'

/** An operation that is text in a bulk body already: what its action line says, and where it came from. */
export interface WrittenOperation {
  readonly action: BulkAction
  readonly index: string
  /** Null: the server makes one. */
  readonly id: string | null
  /** It carries a version of ours. */
  readonly isVersioned: boolean
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Null: records are not kept, since nobody takes reports. */
  readonly record: SinkRecord | null
}

/** What the action line of an operation says. */
export function readActionLine(line: string): Pick<WrittenOperation, 'action' | 'index' | 'id' | 'isVersioned'> {
  const parsed = parsedJson(line)
  const [action = 'index', target] = Object.entries(isObject(parsed) ? parsed : {})[0] ?? []
  const { _index: index, _id: id, version } = isObject(target) ? target : {}
  return { action: action as BulkAction, index: String(index), id: typeof id === 'string' ? id : null, isVersioned: version !== undefined }
}

/** Such as `of index t, from topic-0@12`. Without the id, which is a record's key: this is for the log. */
export function placeOf({ index, topic, partition, offset }: WrittenOperation): string {
  return `of index ${index}, from ${topic}-${partition}@${offset}`
}
