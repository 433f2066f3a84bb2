import { ConfigException, Password } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import {
  ignoredParameters,
  readConnectionSettings,
  type ConnectionSource,
} from '../../../../../connectors/jdbc/dialect/connection-settings.ts'
import { tlsAttempts } from '../../../../../connectors/jdbc/dialect/tls.ts'

function settings(parameters: string, other: Partial<ConnectionSource> = {}) {
  const source = { user: 'u', password: new Password('p'), driverParameters: {}, applicationName: 'c', blockedParameters: [], ...other }
  return readConnectionSettings({ url: `jdbc:postgresql://h/d${parameters}`, ...source })
}

describe('connection settings', () => {
  it('user and password of the URL win', () => {
    expect(settings('').user).toBe('u')
    const { user, password } = settings('?user=v&password=q')
    expect([user, password?.value()]).toEqual(['v', 'q'])
  })

  it('the URL wins over connection. keys too', () => {
    const driverParameters = { currentSchema: 'key', ApplicationName: 'app' }
    expect(settings('?currentSchema=url', { driverParameters })).toMatchObject({
      startupOptions: '-c search_path=url',
      applicationName: 'app',
    })
  })

  it.for([
    ['', 'prefer'],
    ['?ssl=true', 'verify-full'],
    ['?ssl', 'verify-full'],
    ['?ssl=false', 'prefer'],
    ['?sslmode=require&ssl=true', 'require'],
    ['?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory', 'require'],
    ['?sslmode=VERIFY-CA', 'verify-ca'],
  ] as const)('%s means TLS mode %s', ([parameters, mode]) => {
    expect(settings(parameters).tls.mode).toBe(mode)
  })

  it('refuses a TLS mode and a kind of server that pgjdbc does not know', () => {
    expect(() => settings('?sslmode=maybe')).toThrow('Invalid sslmode value: maybe')
    expect(() => settings('?targetServerType=best')).toThrow('Invalid targetServerType value: best')
  })

  it('former names of the kinds of servers are known', () => {
    expect(settings('?targetServerType=master').targetServerType).toBe('primary')
    expect(settings('?targetServerType=preferSlave').targetServerType).toBe('preferSecondary')
  })

  it('reads seconds', () => {
    expect(settings('?connectTimeout=3&socketTimeout=30&queryTimeout=5')).toMatchObject({
      connectTimeoutMs: 3000,
      socketTimeoutMs: 30_000,
      statementTimeoutMs: 5000,
    })
    expect(() => settings('?socketTimeout=soon')).toThrow('socketTimeout has the value soon')
  })

  it('a schema with blanks is escaped for the startup option', () => {
    expect(settings('?currentSchema=a,b%20c&options=-c%20lock_timeout=5').startupOptions).toBe(
      String.raw`-c lock_timeout=5 -c search_path=a,b\ c`,
    )
  })

  it('behind a pool statements are not prepared', () => {
    expect(settings('').namesStatements).toBe(true)
    expect(settings('?prepareThreshold=0').namesStatements).toBe(false)
    expect(settings('?preferQueryMode=simple').namesStatements).toBe(false)
  })

  it('refuses what the operator forbids, in any case', () => {
    expect(() => settings('?SocketFactory=x', { blockedParameters: ['socketfactory'] })).toThrow(ConfigException)
  })

  it('names parameters without effect', () => {
    expect(ignoredParameters('jdbc:postgresql://h/d?gssEncMode=x&stringtype=unspecified', { nonsense: '1' })).toEqual({
      unsupported: ['gssEncMode'],
      unknown: ['nonsense'],
    })
  })

  it('says that there is no driver for another database', () => {
    expect(() =>
      readConnectionSettings({
        url: 'jdbc:foo:x',
        user: null,
        password: null,
        driverParameters: {},
        applicationName: 'c',
        blockedParameters: [],
      }),
    ).toThrow('No suitable driver found for jdbc:foo:x')
  })

  it.for([
    ['disable', [false]],
    ['allow', [false, { rejectUnauthorized: false }]],
    ['prefer', [{ rejectUnauthorized: false }, false]],
    ['require', [{ rejectUnauthorized: false }]],
    ['verify-full', [{ rejectUnauthorized: true }]],
  ] as const)('TLS mode %s is tried so', ([mode, attempts]) => {
    expect(tlsAttempts(settings(`?sslmode=${mode}`).tls)).toEqual(attempts)
  })
})
