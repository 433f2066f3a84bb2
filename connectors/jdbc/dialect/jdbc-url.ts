/** Where a server may be. */
export interface HostAddress {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
}

/** A JDBC URL of PostgreSQL, taken apart. */
export interface JdbcUrl {
  /** In the order of the URL; one at least. */
  readonly hosts: readonly HostAddress[]
  /** Null: the URL names none, and the database is named as the user. */
  readonly database: string | null
  /** What follows the question mark, decoded; a parameter without a value has the empty text. The last of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

const prefix = 'jdbc:postgresql:'
const defaultPort = 5432

/** As pgjdbc reads it (Driver#parseURL): `jdbc:postgresql://h1:5432,h2/db?k=v`, `jdbc:postgresql:db`. Null: it is no such URL. */
export function parseJdbcUrl(url: string): JdbcUrl | null {
  if (!url.startsWith(prefix)) return null
  const [location = '', query] = splitOnce(url.slice(prefix.length), '?')
  const parameters = parseParameters(query ?? '')
  if (parameters === null) return null
  if (!location.startsWith('//')) return urlOf([{ host: 'localhost', port: defaultPort }], location.replace(/^\//, ''), parameters)
  const [addresses = '', database = ''] = splitOnce(location.slice(2), '/')
  const hosts = addresses.split(',').map(parseAddress)
  return hosts.includes(null)
    ? null
    : urlOf(
        hosts.filter((host) => host !== null),
        database,
        parameters,
      )
}

/** The URL with what looks like a secret masked, for messages and logs. */
export function maskedUrl(url: string): string {
  return url.replace(/([?&][^=&]*password[^=&]*=)[^&]*/gi, '$1****').replace(/(\/\/[^/?@]*:)[^/?@]*@/, '$1****@')
}

function urlOf(hosts: readonly HostAddress[], database: string, parameters: ReadonlyMap<string, string>): JdbcUrl | null {
  const decoded = decode(database)
  return decoded === null ? null : { hosts, database: decoded === '' ? null : decoded, parameters }
}

function parseAddress(address: string): HostAddress | null {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(address) ?? []
  if (bracketed === undefined && plain === undefined) return null
  const host = bracketed ?? plain ?? ''
  const number = port === undefined || port === '' ? defaultPort : Number(port)
  if (number < 1 || number > 65_535) return null
  return { host: host === '' ? 'localhost' : host, port: number }
}

function parseParameters(query: string): Map<string, string> | null {
  const parameters = new Map<string, string>()
  for (const token of query.split('&')) {
    if (token === '') continue
    const [name = '', value = ''] = splitOnce(token, '=')
    const decodedName = decode(name)
    const decodedValue = decode(value)
    if (decodedName === null || decodedValue === null) return null
    parameters.set(decodedName, decodedValue)
  }
  return parameters
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return null // a malformed escape: the caller says that the URL is wrong
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
