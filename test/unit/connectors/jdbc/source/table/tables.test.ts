import { describe, expect, it } from 'vitest'
import { readJdbcSourceSettings } from '../../../../../../connectors/jdbc/source/config/settings.ts'
import { listedTables, tableList, tableRelation } from '../../../../../../connectors/jdbc/source/table/relations.ts'
import { splitTables } from '../../../../../../connectors/jdbc/source/table/split-tables.ts'
import { chosenTables, duplicateNames } from '../../../../../../connectors/jdbc/source/table/table-filter.ts'

const settings = (props: Record<string, string>) =>
  readJdbcSourceSettings({ name: 'c', 'connection.url': 'jdbc:postgresql://h/db', mode: 'bulk', ...props }, 'confluent')
const tables = ['app1.orders', 'app2.orders', 'public.Mixed', 'public.t'].map((text) => {
  const [schema = '', name = ''] = text.split('.')
  return { schema, name }
})
const chosen = (props: Record<string, string>) =>
  chosenTables(tables, settings(props).filter).map(({ schema, name }) => `${schema}.${name}`)

describe('tables', () => {
  it('T42: five tables in two groups are three and two', () => {
    expect(splitTables(['a', 'b', 'c', 'd', 'e'], 2)).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ])
    expect(splitTables(['a', 'b'], 7)).toEqual([['a'], ['b']])
    expect(splitTables([], 3)).toEqual([[]])
  })

  it('T43: a bare name is in every schema, a qualified one in its own', () => {
    expect(chosen({ 'table.whitelist': 'orders' })).toEqual(['app1.orders', 'app2.orders'])
    expect(chosen({ 'table.whitelist': 'app1.orders' })).toEqual(['app1.orders'])
    expect(chosen({ 'table.whitelist': '"app1"."orders", t' })).toEqual(['app1.orders', 'public.t'])
    expect(chosen({ 'table.whitelist': 'mixed' })).toEqual([])
    expect(duplicateNames(tables)).toEqual(['orders'])
  })

  it('T44: patterns match whole names with their schema', () => {
    expect(chosen({ 'table.include.list': '.*orders', 'table.exclude.list': 'app2\\..*' })).toEqual(['app1.orders'])
    expect(chosen({ 'table.include.list': 'orders' })).toEqual([])
    expect(chosen({ 'table.exclude.list': 'app2\\..*' })).toEqual([])
  })

  it('without filters all tables are read, without the blacklist the others', () => {
    expect(chosen({})).toHaveLength(4)
    expect(chosen({ 'table.blacklist': 'orders,public.t' })).toEqual(['public.Mixed'])
  })

  it('T53: lists of tables are quoted or not, and read back', () => {
    expect(tableList(tables.slice(1, 3), settings({}))).toBe('"app2"."orders","public"."Mixed"')
    expect(tableList(tables.slice(2, 3), settings({ 'quote.sql.identifiers': 'never' }))).toBe('public.Mixed')
    expect(listedTables('"a,b"."c""d", public.t')).toEqual(['"a,b"."c""d"', 'public.t'])
    const relation = tableRelation('public.Orders', settings({ 'quote.sql.identifiers': 'NEVER', 'topic.prefix': ' p- ' }), 'public')
    expect([relation.sql, relation.topic, relation.partition]).toEqual(['SELECT * FROM public.orders', 'p-orders', { table: 'orders' }])
  })

  it('T21: offsets are looked for under the names of all versions', () => {
    const relation = tableRelation('"public"."orders"', settings({ mode: 'incrementing' }), 'public')
    expect([relation.partition, ...relation.formerPartitions].map((partition) => JSON.stringify(partition))).toEqual([
      '{"protocol":"1","table":"public.orders"}',
      '{"protocol":"1","table":"db.public.orders"}',
      '{"table":"orders"}',
    ])
  })

  it('topics follow their format, and characters that Kafka refuses are replaced', () => {
    const props = { 'topic.name.format': '${catalog}.${schema}.${table}' }
    expect(tableRelation('"public"."a b"', settings(props), 'public').topic).toBe('db.public.a_b')
  })
})
