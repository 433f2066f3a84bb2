import { describe, expect, it } from 'vitest'
import { maskedUrl, parseJdbcUrl } from '../../../../../connectors/jdbc/dialect/jdbc-url.ts'

const host = (name: string, port = 5432) => ({ host: name, port })

describe('JDBC URLs', () => {
  it.for([
    ['jdbc:postgresql://db:6432/orders', [host('db', 6432)], 'orders'],
    ['jdbc:postgresql://db/orders?a=b', [host('db')], 'orders'],
    ['jdbc:postgresql://a,b:5433,[::1]:5434/x', [host('a'), host('b', 5433), host('::1', 5434)], 'x'],
    ['jdbc:postgresql:orders', [host('localhost')], 'orders'],
    ['jdbc:postgresql:/', [host('localhost')], null],
    ['jdbc:postgresql:///orders', [host('localhost')], 'orders'],
    ['jdbc:postgresql://db', [host('db')], null],
    ['jdbc:postgresql://db/my%20orders', [host('db')], 'my orders'],
  ] as const)('%s is taken apart', ([url, hosts, database]) => {
    expect(parseJdbcUrl(url)).toMatchObject({ hosts, database })
  })

  it('decodes parameters, of which the last counts', () => {
    const url = parseJdbcUrl('jdbc:postgresql://h/d?user=a%2Bb&password=x+y&ssl&user=c')
    expect(Object.fromEntries(url?.parameters ?? [])).toEqual({ user: 'c', password: 'x y', ssl: '' })
  })

  it.for(['jdbc:mysql://h/d', 'postgresql://h/d', 'jdbc:postgresql://h:port/d', 'jdbc:postgresql://h:99999/d', 'jdbc:postgresql://h/%zz'])(
    '%s is none',
    (url) => {
      expect(parseJdbcUrl(url)).toBeNull()
    },
  )

  it('masks every parameter with a password', () => {
    const shown = maskedUrl('jdbc:postgresql://h/d?password=secret&user=u&sslpassword=other')
    expect(shown).toBe('jdbc:postgresql://h/d?password=****&user=u&sslpassword=****')
  })
})
