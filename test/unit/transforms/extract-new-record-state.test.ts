import { describe, expect, it } from 'vitest'
import type { ConnectStruct } from '../../../src/api/data/connect-value.ts'
import { SchemaBuilder } from '../../../src/api/data/schema-builder.ts'
import { INT64_SCHEMA, OPTIONAL_INT64_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA } from '../../../src/api/data/schema.ts'
import type { Props } from '../../../src/api/props.ts'
import { ExtractNewRecordState } from '../../../src/transforms/extract-new-record-state.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { sinkRecord } from '../../support/transform-records.ts'

const row = SchemaBuilder.struct()
  .name('db.orders.Value')
  .optional()
  .field('id', INT64_SCHEMA)
  .field('note', OPTIONAL_STRING_SCHEMA)
  .build()
const source = SchemaBuilder.struct().field('table', STRING_SCHEMA).field('ts_ms', INT64_SCHEMA).build()
const envelope = SchemaBuilder.struct()
  .name('db.orders.Envelope')
  .field('before', row)
  .field('after', row)
  .field('source', source)
  .field('op', STRING_SCHEMA)
  .field('ts_ms', OPTIONAL_INT64_SCHEMA)
  .build()

const origin = { table: 'orders', ts_ms: 17n }
const insert = { before: null, after: { id: 1n, note: 'new' }, source: origin, op: 'c', ts_ms: 18n }
const update = { before: { id: 1n, note: 'new' }, after: { id: 1n, note: 'changed' }, source: origin, op: 'u', ts_ms: 19n }
const removal = { before: { id: 1n, note: 'changed' }, after: null, source: origin, op: 'd', ts_ms: 20n }

function configured(props: Props): ExtractNewRecordState {
  const transformation = new ExtractNewRecordState()
  transformation.configure(props)
  return transformation
}

function unwrapped(value: ConnectStruct, props: Props = {}) {
  return configured(props).apply(sinkRecord({ valueSchema: envelope, value }))
}

const tombstone = sinkRecord({})

describe('ExtractNewRecordState', () => {
  it('makes the new row of an insert and an update, with its schema', () => {
    expect(unwrapped(insert)).toMatchObject({ value: insert.after, valueSchema: row })
    expect(unwrapped(update)?.value).toEqual({ id: 1n, note: 'changed' })
  })

  it('passes the very object of the row on when nothing is added to it', () => {
    expect(unwrapped(insert)?.value).toBe(insert.after)
  })

  it('makes null with the schema of the row of a deletion, and drops the tombstone behind it', () => {
    expect(unwrapped(removal)).toMatchObject({ value: null, valueSchema: row })
    expect(configured({}).apply(tombstone)).toBeNull()
  })

  it.each([
    ['drop', null, false],
    ['tombstone', { value: null, valueSchema: row }, false],
    ['delete-to-tombstone', { value: null, valueSchema: null }, false],
    ['rewrite', { value: { id: 1n, note: 'changed', __deleted: 'true' } }, false],
    ['rewrite-with-tombstone', { value: { id: 1n, note: 'changed', __deleted: 'true' } }, true],
  ])('obeys delete.tombstone.handling.mode=%s', (mode, want, keepsTombstones) => {
    const props = { 'delete.tombstone.handling.mode': mode }
    if (want === null) expect(unwrapped(removal, props)).toBeNull()
    else expect(unwrapped(removal, props)).toMatchObject(want)
    expect(configured(props).apply(tombstone)).toBe(keepsTombstones ? tombstone : null)
  })

  it('marks rows that are not deleted too when deletions are rewritten', () => {
    const record = unwrapped(insert, { 'delete.tombstone.handling.mode': 'rewrite' })
    expect(record?.value).toEqual({ id: 1n, note: 'new', __deleted: 'false' })
    expect(record?.valueSchema?.name).toBe('db.orders.Value')
    expect(record?.valueSchema?.optional).toBe(false)
  })

  it.each([
    [{ 'delete.handling.mode': 'none', 'drop.tombstones': 'false' }, { value: null }, true],
    [{ 'delete.handling.mode': 'rewrite' }, { value: { __deleted: 'true' } }, false],
    [{ 'drop.deletes': 'false' }, { value: null }, false],
    [{ 'drop.tombstones': 'false' }, null, true],
  ])('obeys the keys of Debezium before 3.0 where they stand alone: %j', (props, want, keepsTombstones) => {
    if (want === null) expect(unwrapped(removal, props)).toBeNull()
    else expect(unwrapped(removal, props)).toMatchObject(want)
    expect(configured(props).apply(tombstone)).toBe(keepsTombstones ? tombstone : null)
  })

  it('warns once that Debezium 3 would ignore the old keys', () => {
    const log = new CollectingLogger()
    const transformation = new ExtractNewRecordState()
    transformation.initialize(log)
    transformation.configure({ 'drop.tombstones': 'false' })
    expect(log.lines.filter((line) => line.includes('delete.tombstone.handling.mode'))).toHaveLength(1)
  })

  it('adds fields of the envelope and its source, optional ones, under their names or new ones', () => {
    const record = unwrapped(insert, { 'add.fields': 'op,table,source.ts_ms,ts_ms:when,nothing', 'add.fields.prefix': '_' })
    expect(record?.value).toEqual({ id: 1n, note: 'new', _op: 'c', _table: 'orders', _source_ts_ms: 17n, _when: 18n })
    expect(record?.valueSchema?.field('_source_ts_ms')?.schema).toMatchObject({ type: 'INT64', optional: true })
    expect(record?.valueSchema?.field('_nothing')).toBeNull()
  })

  it('adds headers, the operation also to tombstones that are kept', () => {
    const props = { 'add.headers': 'op,table:t', 'delete.tombstone.handling.mode': 'rewrite-with-tombstone' }
    expect(unwrapped(insert, props)?.headers).toMatchObject([
      { key: '__op', value: 'c' },
      { key: '__t', value: 'orders' },
    ])
    expect(configured(props).apply(tombstone)?.headers).toMatchObject([{ key: '__op', value: 'd' }])
  })

  it('takes the topic from a field of the row, of the old one when the row was deleted', () => {
    expect(unwrapped(insert, { 'route.by.field': 'note' })?.topic).toBe('new')
    expect(unwrapped(removal, { 'route.by.field': 'note' })?.topic).toBe('changed')
    expect(unwrapped(insert, { 'route.by.field': 'nothing' })?.topic).toBe('t')
  })

  it('drops truncations', () => {
    expect(unwrapped({ before: null, after: null, source: origin, op: 't', ts_ms: 1n })).toBeNull()
  })

  it('passes everything else on unchanged', () => {
    const transformation = configured({})
    const records = [
      sinkRecord({ valueSchema: row, value: insert.after }),
      sinkRecord({ value: { op: 'c', after: { id: 1 } } }),
      sinkRecord({ value: 'text' }),
    ]
    expect(records.map((record) => transformation.apply(record))).toEqual(records)
  })

  it('takes schemaless envelopes apart where schemaless.envelopes says so', () => {
    const transformation = configured({
      'schemaless.envelopes': 'true',
      'add.fields': 'op,source.ts_ms',
      'delete.tombstone.handling.mode': 'rewrite',
    })
    const value = { before: null, after: { id: 1 }, source: { ts_ms: 17 }, op: 'c' }
    expect(transformation.apply(sinkRecord({ value }))?.value).toEqual({ id: 1, __deleted: 'false', __op: 'c', __source_ts_ms: 17 })
    const removed = { before: { id: 1 }, after: null, source: { ts_ms: 18 }, op: 'd' }
    expect(transformation.apply(sinkRecord({ value: removed }))?.value).toEqual({ id: 1, __deleted: 'true', __op: 'd', __source_ts_ms: 18 })
    const other = sinkRecord({ value: { op: 'c' } })
    expect(transformation.apply(other)).toBe(other)
  })

  it('refuses modes and field names that do not exist', () => {
    expect(() => configured({ 'delete.tombstone.handling.mode': 'keep' })).toThrow(
      'Invalid value keep for configuration delete.tombstone.handling.mode: String must be one of: drop, tombstone, rewrite',
    )
    expect(() => configured({ 'add.fields': 'a:b:c' })).toThrow('Unexpected field name: a:b:c')
  })
})
