import { describe, expect, it } from 'vitest'
import { TemporalText } from '../../../../../../connectors/jdbc/dialect/temporal-text.ts'
import { TimeZone } from '../../../../../../connectors/jdbc/dialect/time-zone.ts'
import {
  boundStatement,
  criteriaText,
  criteriaValues,
  type CriteriaColumns,
} from '../../../../../../connectors/jdbc/source/query/criteria.ts'
import { readStatement, type SourceRelation } from '../../../../../../connectors/jdbc/source/query/source-relation.ts'

const bounds = { id: '7', begin: { ms: 1704067200123, micros: 456 }, end: { ms: 1704067201000, micros: 0 } }
const text = new TemporalText(TimeZone.of('+01:00') ?? TimeZone.utc, TimeZone.utc, 'PROLEPTIC_GREGORIAN')
const query = (sql: string): SourceRelation => ({
  ...{ shown: 'the query', table: null, sql, topic: 't', partition: { query: 'query' }, formerPartitions: [] },
  column: (name) => `"${name}"`,
})
const byId: CriteriaColumns = { mode: 'incrementing', timestamps: [], incrementing: '"id"' }

describe('criteria', () => {
  it('T14: of several timestamp columns the first that is not null counts', () => {
    const columns: CriteriaColumns = { mode: 'timestamp', timestamps: ['"o"."mod"', '"o"."ts"'], incrementing: null }
    expect(criteriaText(columns, false)).toBe(
      ' WHERE COALESCE("o"."mod","o"."ts") > ? AND COALESCE("o"."mod","o"."ts") < ? ORDER BY COALESCE("o"."mod","o"."ts") ASC',
    )
  })

  it('T19: time and number are compared as pairs', () => {
    const columns: CriteriaColumns = { mode: 'timestamp+incrementing', timestamps: ['"ts"'], incrementing: '"id"' }
    const { text: sql, values } = boundStatement(
      criteriaText(columns, false),
      criteriaValues('timestamp+incrementing', bounds, false, text),
    )
    expect(sql).toBe(' WHERE ("ts","id") > ($1,$2::int8) AND "ts" < $3 ORDER BY "ts","id" ASC')
    expect(values).toEqual(['2024-01-01 01:00:00.123456+01', '7', '2024-01-01 01:00:01.000000+01'])
  })

  it('T36: a plain query gets its WHERE behind it', () => {
    expect(readStatement(query('SELECT id, name FROM orders;'), byId, 'LIMIT 5').sql).toBe(
      'SELECT id, name FROM orders WHERE "id" > ?::int8 ORDER BY "id" ASC LIMIT 5',
    )
  })

  it('T37: a query with clauses of its own is put inside another', () => {
    expect(readStatement(query('SELECT id FROM orders WHERE id < 9'), byId, '').sql).toBe(
      'SELECT * FROM (SELECT id FROM orders WHERE id < 9) AS _q WHERE "id" > ?::int8 ORDER BY "id" ASC',
    )
  })

  it('T38: marks of the query’s own take the values, the criteria being a comment', () => {
    const { sql, asJava } = readStatement(query('SELECT * FROM (SELECT id FROM orders WHERE id > ? LIMIT 10) x --'), byId, '')
    const statement = boundStatement(sql, criteriaValues('incrementing', bounds, asJava, text))
    expect(statement.text).toContain('id > $1 LIMIT 10) x -- WHERE')
    expect(statement.values).toEqual(['7'])
  })

  it('T38: in the mode with both they come in Java’s order', () => {
    expect(criteriaValues('timestamp+incrementing', bounds, true, text)).toEqual([
      '2024-01-01 01:00:01.000000+01',
      '2024-01-01 01:00:00.123456+01',
      '7',
      '2024-01-01 01:00:00.123456+01',
    ])
  })
})
