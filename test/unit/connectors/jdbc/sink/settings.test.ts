import { describe, expect, it } from 'vitest'
import { configNotices } from '../../../../../connectors/jdbc/sink/config/notices.ts'
import { readJdbcSinkSettings } from '../../../../../connectors/jdbc/sink/config/settings.ts'
import { validateJdbcSink } from '../../../../../connectors/jdbc/sink/config/validate.ts'

const url = { name: 'c', 'connection.url': 'jdbc:postgresql://h/d', 'connection.user': 'u' }

describe('settings of the JDBC sink', () => {
  it('retries have no end unless one is set', () => {
    expect(readJdbcSinkSettings(url, 'confluent').write).toMatchObject({ maxRetries: null, retryBackoffMs: 3000 })
    expect(readJdbcSinkSettings({ ...url, 'max.retries': '10' }, 'confluent').write.maxRetries).toBe(10)
    expect(readJdbcSinkSettings({ ...url, 'flush.max.retries': '2', 'flush.retry.delay.ms': '5' }, 'debezium').write).toMatchObject({
      maxRetries: 2,
      retryBackoffMs: 5,
    })
  })

  it('connection. keys that no class knows are parameters of the driver', () => {
    const { connection } = readJdbcSinkSettings({ ...url, 'connection.currentSchema': 'app', 'connection.pool.size': '3' }, 'aiven')
    expect(connection.startupOptions).toBe('-c search_path=app')
  })

  it('Debezium’s keys have former names', () => {
    const props = { ...url, 'table.name.format': 'x_${topic}', 'database.time_zone': 'Asia/Tokyo', 'schema.evolution': 'basic' }
    const { table, values, ddl, connection } = readJdbcSinkSettings({ ...props, 'connection.username': 'dbz' }, 'debezium')
    expect([table.nameFormat, values.zone.name, ddl.autoCreate, ddl.autoEvolve, connection.user]).toEqual([
      'x_${topic}',
      'Asia/Tokyo',
      true,
      true,
      'dbz',
    ])
  })

  it('Aiven’s multi is insert, and its identifiers may go without quotation marks', () => {
    const { write, table } = readJdbcSinkSettings({ ...url, 'insert.mode': 'multi', 'sql.quote.identifiers': 'false' }, 'aiven')
    expect([write.insertMode, table.quoting]).toEqual(['insert', 'never'])
  })

  it('refuses deletes without a key of the record, and updates without any', () => {
    expect(() => readJdbcSinkSettings({ ...url, 'delete.enabled': 'true' }, 'confluent')).toThrow("must be 'record_key'")
    expect(() => readJdbcSinkSettings({ ...url, 'insert.mode': 'update' }, 'confluent')).toThrow("must not be 'none'")
    const wrong = validateJdbcSink({ ...url, 'insert.mode': 'update' }, 'debezium').filter(({ errorMessages }) => errorMessages.length > 0)
    expect(wrong.map(({ name }) => name)).toEqual(['primary.key.mode'])
  })

  it('another database is refused by name', () => {
    const values = validateJdbcSink({ ...url, 'dialect.name': 'MySqlDatabaseDialect' }, 'confluent')
    expect(values.find(({ name }) => name === 'dialect.name')?.errorMessages).toEqual([
      expect.stringContaining('Only PostgreSQL is supported'),
    ])
  })

  it('keys that do nothing are named with the one that was meant', () => {
    expect(configNotices({ ...url, 'table.format.name': 'x' }, 'confluent')).toEqual([
      'table.format.name is not used: the key is table.name.format.',
    ])
    expect(configNotices({ ...url, 'pk.mode': 'record_key' }, 'debezium')).toContain('pk.mode is not used: the key is primary.key.mode.')
    expect(configNotices({ ...url, 'connection.gssEncMode': 'x' }, 'confluent')).toEqual([
      'The connection parameter gssEncMode is not supported and has no effect.',
    ])
  })
})
