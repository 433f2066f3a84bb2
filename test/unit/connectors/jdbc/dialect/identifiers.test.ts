import { describe, expect, it } from 'vitest'
import { arrayLiteral } from '../../../../../connectors/jdbc/dialect/array-literal.ts'
import { cutName, literal, parseTableName, quoted } from '../../../../../connectors/jdbc/dialect/identifiers.ts'

const name = (table: string, schema: string | null = null, database: string | null = null) => ({ database, schema, table })

describe('identifiers', () => {
  it.for([
    ['orders', name('orders')],
    ['app.orders', name('orders', 'app')],
    ['db.app.orders', name('orders', 'app', 'db')],
    ['"a.b".c', name('c', 'a.b')],
    ['"a.b.c"', name('a.b.c')],
    ['app."or""ders"', name('or"ders', 'app')],
    ['a"b', name('a"b')],
  ] as const)('%s is taken apart', ([text, parts]) => {
    expect(parseTableName(text)).toEqual(parts)
  })

  it('quotation marks inside are doubled', () => {
    expect(quoted('we"ird')).toBe('"we""ird"')
    expect(quoted('Plain', 'never')).toBe('Plain')
  })

  it('literals are safe whatever the server takes backslashes for', () => {
    expect([literal("it's"), literal('a\\b')]).toEqual(["'it''s'", String.raw`E'a\\b'`])
  })

  it('names are cut at 63 bytes, at a character', () => {
    expect(cutName('a'.repeat(70))).toHaveLength(63)
    expect(cutName('ö'.repeat(32))).toBe('ö'.repeat(31))
  })

  it('arrays quote what they must', () => {
    expect(arrayLiteral(['a', null, 'NULL', '', 'x"y', 'b\\c', '{,}'])).toBe(String.raw`{"a",NULL,"NULL","","x\"y","b\\c","{,}"}`)
  })
})
