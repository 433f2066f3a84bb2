import { describe, expect, it } from 'vitest'
import { readJdbcSourceSettings } from '../../../../../../connectors/jdbc/source/config/settings.ts'
import { validateJdbcSource } from '../../../../../../connectors/jdbc/source/config/validate.ts'

const base = { name: 'c', 'connection.url': 'jdbc:postgresql://h/db' }

function wrongKeys(props: Record<string, string>): string[] {
  return validateJdbcSource({ ...base, mode: 'bulk', ...props }, 'confluent').flatMap(({ name, errorMessages }) =>
    errorMessages.length > 0 ? [name] : [],
  )
}

describe('configuration of the JDBC source', () => {
  it('T40: a query and a table filter exclude each other', () => {
    expect(wrongKeys({ query: 'SELECT 1', 'table.whitelist': 't' })).toEqual(['table.whitelist', 'query', 'query.masked'])
  })

  it('T41: only what reads is a query', () => {
    expect(wrongKeys({ query: "UPDATE t SET name = 'x'" })).toEqual(['query'])
    expect(wrongKeys({ query: 'WITH x AS (SELECT 1) SELECT * FROM x' })).toEqual([])
  })

  it('T45: old and new filters exclude each other', () => {
    const props = {
      mode: 'incrementing',
      'table.include.list': '.*',
      'incrementing.column.mapping': '.*:id',
      'incrementing.column.name': 'id',
    }
    expect(wrongKeys(props)).toEqual(['table.include.list', 'incrementing.column.name', 'incrementing.column.mapping'])
  })

  it('T54: a topic prefix has the characters of topics', () => {
    expect(wrongKeys({ 'topic.prefix': 'bad topic!' })).toEqual(['topic.prefix'])
    expect(wrongKeys({ 'topic.prefix': ' x- ' })).toEqual([])
  })

  it('without any filter all tables are meant', () => {
    expect(wrongKeys({})).toEqual([])
  })

  it('T55: the user of the URL wins, and passwords are masked', () => {
    const url = 'jdbc:postgresql://h/db?user=a&password=secret'
    const { connection } = readJdbcSourceSettings({ ...base, mode: 'bulk', 'connection.url': url, 'connection.user': 'b' }, 'confluent')
    expect([connection.user, connection.shownUrl]).toEqual(['a', 'jdbc:postgresql://h/db?user=a&password=****'])
  })

  it('mappings are taken apart at the last colon', () => {
    const { mode } = readJdbcSourceSettings({ ...base, mode: 'timestamp', 'timestamp.columns.mapping': 'a:.*:[x|y]' }, 'confluent')
    expect(mode.timestampMapping.map(({ pattern, columns }) => [pattern, columns])).toEqual([['a:.*', ['x', 'y']]])
  })

  it('Aiven’s names and defaults are read by its class', () => {
    const props = { ...base, mode: 'incrementing', 'topic.prefix': 'p', 'sql.quote.identifiers': 'false', 'incrementing.initial': '-10' }
    const settings = readJdbcSourceSettings(props, 'aiven')
    expect([settings.quoting, settings.mode.incrementingInitial, settings.poll.maxRows]).toEqual(['never', -10n, 100])
  })
})
