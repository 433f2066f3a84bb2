import { ConfigException, Password } from 'standpipe/api'
import { useOfParameter } from './driver-parameters.ts'
import { maskedUrl, parseJdbcUrl, type HostAddress } from './jdbc-url.ts'

/** pgjdbc's `sslmode`. */
export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** Which of several servers is wanted. */
export const targetServerTypes = ['any', 'primary', 'secondary', 'preferPrimary', 'preferSecondary'] as const
export type TargetServerType = (typeof targetServerTypes)[number]

/** Files are paths as the URL has them; null: none is named. */
export interface TlsSettings {
  readonly mode: SslMode
  readonly rootCertificateFile: string | null
  readonly certificateFile: string | null
  readonly keyFile: string | null
  readonly keyPassword: Password | null
}

/** How to reach the database. From a JDBC URL and the keys beside it. */
export interface ConnectionSettings {
  /** Without secrets, for messages. */
  readonly shownUrl: string
  /** In the order they are tried in, unless `loadsBalanced`. */
  readonly hosts: readonly HostAddress[]
  readonly loadsBalanced: boolean
  /** Null: the URL does not say. */
  readonly targetServerType: TargetServerType | null
  readonly database: string
  readonly user: string
  /** Null: none is needed, or the password file of libpq has it. */
  readonly password: Password | null
  readonly tls: TlsSettings
  readonly applicationName: string
  /** Server parameters of the session, such as `search_path`, in the form of the startup option. Empty: none. */
  readonly startupOptions: string
  readonly connectTimeoutMs: number
  /** A query without an answer for so long counts as a lost connection. 0: no limit. */
  readonly socketTimeoutMs: number
  /** Set on the server. 0: as the server has it. */
  readonly statementTimeoutMs: number
  readonly keepsAlive: boolean
  /** False: behind a pool that gives each transaction another session, statements may not be prepared under a name. */
  readonly namesStatements: boolean
  /** The session is for the server's log. Absent: for statements. */
  readonly isReplication?: boolean
}

/** What the settings are read from. */
export interface ConnectionSource {
  readonly url: string
  /** What the URL says wins over these two. */
  readonly user: string | null
  readonly password: Password | null
  /** `connection.` keys that are no keys of the connector, prefix removed. The URL wins. */
  readonly driverParameters: Readonly<Record<string, string>>
  /** Where no ApplicationName is given. */
  readonly applicationName: string
  /** Names that the operator forbids, see `JDBC_CONNECTION_URL_BLOCKED_PARAMS`. */
  readonly blockedParameters: readonly string[]
}

/** Passwords among driver parameters are secrets too: nothing of this text is shown. @throws ConfigException */
export function readConnectionSettings(source: ConnectionSource): ConnectionSettings {
  const url = parseJdbcUrl(source.url)
  if (url === null) throw new ConfigException(noDriverText(source.url))
  const parameters = new Map([...Object.entries(source.driverParameters), ...url.parameters])
  refuseBlocked(parameters, source.blockedParameters)
  const user = parameters.get('user') ?? source.user ?? process.env['USER'] ?? 'postgres'
  const password = parameters.get('password')
  return {
    shownUrl: maskedUrl(source.url),
    hosts: url.hosts,
    loadsBalanced: flag(parameters, 'loadBalanceHosts') ?? false,
    targetServerType: readTargetServerType(parameters.get('targetServerType')),
    database: url.database ?? parameters.get('PGDBNAME') ?? user,
    user,
    password: password === undefined ? source.password : new Password(password),
    tls: readTls(parameters),
    applicationName: parameters.get('ApplicationName') ?? source.applicationName,
    startupOptions: startupOptions(parameters),
    connectTimeoutMs: 1000 * (seconds(parameters, 'connectTimeout') ?? seconds(parameters, 'loginTimeout') ?? 10),
    socketTimeoutMs: 1000 * (seconds(parameters, 'socketTimeout') ?? 0),
    statementTimeoutMs: 1000 * (seconds(parameters, 'queryTimeout') ?? 0),
    keepsAlive: flag(parameters, 'tcpKeepAlive') ?? true,
    namesStatements: parameters.get('preferQueryMode') !== 'simple' && parameters.get('prepareThreshold') !== '0',
  }
}

/** Parameters that do nothing here, for one line of the log each. */
export function ignoredParameters(
  url: string,
  driverParameters: Readonly<Record<string, string>>,
): { unsupported: string[]; unknown: string[] } {
  const names = [...new Set([...(parseJdbcUrl(url)?.parameters.keys() ?? []), ...Object.keys(driverParameters)])]
  return {
    unsupported: names.filter((name) => useOfParameter(name) === 'unsupported'),
    unknown: names.filter((name) => useOfParameter(name) === null),
  }
}

/** Java's sentence for a URL that no driver takes. */
export function noDriverText(url: string): string {
  return `No suitable driver found for ${maskedUrl(url)}`
}

function refuseBlocked(parameters: ReadonlyMap<string, string>, blocked: readonly string[]): void {
  const folded = new Set(blocked.map((name) => name.trim().toLowerCase()))
  for (const name of parameters.keys()) {
    if (folded.has(name.toLowerCase()))
      throw new ConfigException(`The connection parameter ${name} is blocked by the operator of this worker.`)
  }
}

function readTls(parameters: ReadonlyMap<string, string>): TlsSettings {
  const password = parameters.get('sslpassword')
  return {
    mode: sslMode(parameters),
    rootCertificateFile: parameters.get('sslrootcert') ?? null,
    certificateFile: parameters.get('sslcert') ?? null,
    keyFile: parameters.get('sslkey') ?? null,
    keyPassword: password === undefined ? null : new Password(password),
  }
}

function sslMode(parameters: ReadonlyMap<string, string>): SslMode {
  const mode = parameters.get('sslmode')
  const isTrusting = parameters.get('sslfactory')?.endsWith('NonValidatingFactory') === true
  if (mode === undefined) {
    if (isTrusting) return 'require'
    return ['true', ''].includes(parameters.get('ssl')?.toLowerCase() ?? 'false') ? 'verify-full' : 'prefer'
  }
  const known = sslModes.find((each) => each === mode.toLowerCase())
  if (known === undefined) throw new ConfigException(`Invalid sslmode value: ${mode}`)
  return isTrusting && known.startsWith('verify') ? 'require' : known
}

function readTargetServerType(text: string | undefined): TargetServerType | null {
  if (text === undefined) return null
  const folded = text.toLowerCase().replace('master', 'primary').replace('slave', 'secondary')
  const known = targetServerTypes.find((type) => type.toLowerCase() === folded)
  if (known === undefined) throw new ConfigException(`Invalid targetServerType value: ${text}`)
  return known
}

function startupOptions(parameters: ReadonlyMap<string, string>): string {
  const options = [parameters.get('options') ?? '']
  const schema = parameters.get('currentSchema')
  if (schema !== undefined) options.push(`-c search_path=${escapedOption(schema)}`)
  if (flag(parameters, 'readOnly') === true) options.push('-c default_transaction_read_only=on')
  return options.filter((option) => option !== '').join(' ')
}

/** In the startup option blanks and backslashes are escaped by a backslash. */
function escapedOption(text: string): string {
  return text.replaceAll(/[\\ ]/g, String.raw`\$&`)
}

function seconds(parameters: ReadonlyMap<string, string>, name: string): number | null {
  const text = parameters.get(name)
  if (text === undefined) return null
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value))
    throw new ConfigException(`The connection parameter ${name} has the value ${text}, which is no number of seconds.`)
  return Math.max(0, value)
}

function flag(parameters: ReadonlyMap<string, string>, name: string): boolean | null {
  const text = parameters.get(name)
  return text === undefined ? null : text === '' || text.toLowerCase() === 'true'
}
