import { describe, expect, it } from 'vitest'
import { DataException } from '../../../../src/api/errors.ts'
import { SchemaBuilder, SourceRecord, STRING_SCHEMA } from '../../../../src/api/index.ts'
import { deadLetterLine } from '../../../../src/runtime/errors/dead-letter-line.ts'
import type { FailedRecord } from '../../../../src/runtime/errors/processing-context.ts'

const id = { connector: 'c', task: 3 }
const at = Date.UTC(2026, 10, 21, 10)

function lineOf(record: FailedRecord, error: unknown = new DataException('bad')): Record<string, unknown> {
  const line = deadLetterLine(id, { stage: 'VALUE_CONVERTER', executing: 'MyConverter', record, error }, at)
  expect(line.endsWith('}\n')).toBe(true)
  expect(line.indexOf('\n')).toBe(line.length - 1)
  return JSON.parse(line) as Record<string, unknown>
}

describe('a line of a dead letter file', () => {
  const consumed = {
    topic: 't',
    partition: 1,
    offset: 42,
    timestamp: 1_700_000_000_000,
    timestampType: 'LogAppendTime',
    key: Buffer.from('k'),
    value: Buffer.from([0xff, 0x00]),
    headers: [
      { key: 'h', value: Buffer.from('ü\n') },
      { key: 'h', value: null },
    ],
  } as const

  it('holds all of a consumed record, bytes in Base64 and as text where they are UTF-8', () => {
    expect(lineOf({ consumed })).toMatchObject({
      topic: 't',
      partition: 1,
      offset: 42,
      timestamp: 1_700_000_000_000,
      timestampType: 'LogAppendTime',
      key: { base64: 'aw==', text: 'k' },
      value: { base64: '/wA=' },
      headers: [
        { key: 'h', value: { base64: 'w7wK', text: 'ü\n' } },
        { key: 'h', value: null },
      ],
    })
    expect(lineOf({ consumed })['value']).not.toHaveProperty('text')
    expect(lineOf({ consumed })).not.toHaveProperty('sourceOffset')
  })

  it('says who failed, when, where and why', () => {
    const line = lineOf({ consumed }, new DataException('bad', { cause: new TypeError('deep') }))
    expect(line).toMatchObject({
      time: '2026-11-21T10:00:00.000Z',
      connector: 'c',
      task: 3,
      stage: 'VALUE_CONVERTER',
      class: 'MyConverter',
    })
    const exception = line['exception'] as { class: string; message: string; stacktrace: string }
    expect(exception).toMatchObject({ class: 'org.apache.kafka.connect.errors.DataException', message: 'bad' })
    expect(exception.stacktrace).toContain('Caused by: TypeError: deep')
  })

  it('has null for what a record has not', () => {
    expect(lineOf({ consumed: { ...consumed, timestamp: -1, key: null, headers: [] } }, 'thrown text')).toMatchObject({
      timestamp: null,
      timestampType: null,
      key: null,
      headers: [],
      exception: { message: null },
    })
  })

  const schema = SchemaBuilder.struct().field('id', STRING_SCHEMA).build()

  it('holds the record of a source as plain JSON, with its schemas and its place', () => {
    const source = new SourceRecord({
      topic: 't',
      sourcePartition: { file: 'f' },
      sourceOffset: { position: 9_007_199_254_740_993n },
      key: 'k',
      valueSchema: schema,
      value: { id: 'x' },
      headers: [{ key: 'h', schema: null, value: 5 }],
    })
    const text = deadLetterLine(id, { stage: 'KAFKA_PRODUCE', executing: 'e', record: { source }, error: new Error('no') }, at)
    expect(text).toContain('"sourceOffset":{"position":9007199254740993}')
    expect(lineOf({ source })).toMatchObject({
      topic: 't',
      partition: null,
      offset: null,
      timestamp: null,
      key: { text: '"k"' },
      value: { text: '{"id":"x"}' },
      headers: [{ key: 'h', value: { text: '5' } }],
      sourcePartition: { file: 'f' },
      keySchema: null,
      valueSchema: { type: 'struct', fields: [{ field: 'id', type: 'string' }] },
    })
  })

  it('shows a value that its schema does not describe as a person would look at it', () => {
    const source = new SourceRecord({ topic: 't', sourcePartition: {}, sourceOffset: {}, valueSchema: schema, value: new Map([['a', 1]]) })
    expect(lineOf({ source })['value']).toMatchObject({ text: `"Map(1) { 'a' => 1 }"` })
  })
})
