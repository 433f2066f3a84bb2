import { expect, it } from 'vitest'
import { JdbcSourceConnector } from '../../../../../connectors/jdbc/index.ts'

const base = { name: 'c', 'connection.url': 'jdbc:postgresql://127.0.0.1:1/d', 'topic.prefix': 'p-', 'table.whitelist': 't' }
const changes = { ...base, mode: 'cdc' }
const rows = { ...base, mode: 'incrementing' }

it('offsets are altered to what the mode can go on from, and to nothing else', () => {
  const connector = new JdbcSourceConnector()
  const slot = { slot: 'standpipe_c' }
  expect(connector.alterOffsets(changes, new Map([[slot, { lsn: '0/16B3748', txId: 7, seq: 1 }]]))).toBe(true)
  expect(connector.alterOffsets(changes, new Map([[slot, null]]))).toBe(true)
  expect(() => connector.alterOffsets(changes, new Map([[slot, { lsn: 'yesterday' }]]))).toThrow('names no place in the log')
  const table = { protocol: '1', table: 'public.t' }
  expect(connector.alterOffsets(rows, new Map([[table, { incrementing: 7 }]]))).toBe(true)
  expect(() => connector.alterOffsets(rows, new Map([[table, { incrementing: 'seven' }]]))).toThrow('is no whole number')
})
