import { isUtf8 } from 'node:buffer'
import type { ConnectorTaskId } from '../connector-task-id.ts'
import { deadLetterOf, type DeadLetter } from './dead-letter.ts'
import type { RecordFailure } from './processing-context.ts'
import { javaNameOf, traceOf } from './trace.ts'

/**
 * A failed record as one line of a dead letter file, with its line end:
 *
 *     {"time":"2026-11-21T10:00:00.000Z","connector":"c","task":0,"stage":"VALUE_CONVERTER","class":"org.….JsonConverter",
 *      "exception":{"class":"org.….DataException","message":"…","stacktrace":"…"},
 *      "topic":"t","partition":0,"offset":42,"timestamp":1700000000000,"timestampType":"CreateTime",
 *      "key":BYTES,"value":BYTES,"headers":[{"key":"h","value":BYTES}]}
 *
 * BYTES is null or `{"base64":"…","text":"…"}`, `text` only where they are valid UTF-8. Null where there is none: timestamp and its type,
 * exception.message. The record of a source has a null offset, a null partition unless it chose one, plain JSON for BYTES, and besides
 * `"sourcePartition":{…},"sourceOffset":{…},"keySchema":SCHEMA,"valueSchema":SCHEMA`, SCHEMA in the form of JsonConverter's envelope or null.
 * A line may come twice: after an error of the disk it is written again.
 * @param at when it failed, epoch ms
 */
export function deadLetterLine({ connector, task }: ConnectorTaskId, failure: RecordFailure, at: number): string {
  const { stage, executing, error } = failure
  const letter = deadLetterOf(failure.record)
  const members = {
    time: new Date(at).toISOString(),
    connector,
    task,
    stage,
    class: executing,
    exception: { class: javaNameOf(error), message: error instanceof Error ? error.message : null, stacktrace: traceOf(error) },
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    timestamp: letter.timestamp,
    timestampType: letter.timestampType,
    key: bytesOf(letter.key),
    value: bytesOf(letter.value),
    headers: letter.headers.map(({ key, value }) => ({ key, value: bytesOf(value) })),
  }
  return `${JSON.stringify(members).slice(0, -1)}${sourceMembers(letter)}}\n`
}

function sourceMembers({ source }: DeadLetter): string {
  if (source === null) return ''
  const { partition, offset, keySchema, valueSchema } = source
  return `,"sourcePartition":${partition},"sourceOffset":${offset},"keySchema":${String(keySchema)},"valueSchema":${String(valueSchema)}`
}

function bytesOf(bytes: Buffer | null): { readonly base64: string; readonly text?: string } | null {
  if (bytes === null) return null
  return { base64: bytes.toString('base64'), ...(isUtf8(bytes) ? { text: bytes.toString() } : {}) }
}
