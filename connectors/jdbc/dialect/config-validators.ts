import { ConfigException, lambda, type Validator } from 'standpipe/api'
import { TimeZone } from './time-zone.ts'

/** Names that `dialect.name` may have in Java; here there is PostgreSQL alone. */
const dialectNames = [
  ...['', 'Db2DatabaseDialect', 'MySqlDatabaseDialect', 'SybaseDatabaseDialect', 'GenericDatabaseDialect', 'OracleDatabaseDialect'],
  ...['SqlServerDatabaseDialect', 'PostgreSqlDatabaseDialect', 'SqliteDatabaseDialect', 'DerbyDatabaseDialect', 'SapHanaDatabaseDialect'],
  'VerticaDatabaseDialect',
]
const ourDialects: ReadonlySet<string> = new Set(['', 'GenericDatabaseDialect', 'PostgreSqlDatabaseDialect'])

/** The provider that hands out `connection.user` and `connection.password`. */
export const defaultCredentialsProvider = 'io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider'
const providerInterface = 'io.confluent.connect.jdbc.util.JdbcCredentialsProvider'

/** One of these words, all lower case or all upper case. Confluent, EnumValidator. */
export function enumerator(...words: readonly string[]): Validator<string> {
  return lambda<string>(
    (name, value) => {
      if (value !== null && !isOneOf(words, value)) throw invalidEnumerator(name, value)
    },
    `[${words.join(', ')}]`,
  )
}

/** A list of such words, in any case. */
export function enumeratorList(...words: readonly string[]): Validator<readonly string[]> {
  return lambda<readonly string[]>(
    (name, value) => {
      const wrong = value?.find((word) => !words.includes(word.toLowerCase()))
      if (wrong !== undefined) throw invalidEnumerator(name, wrong)
    },
    `[${words.join(', ')}]`,
  )
}

/** A dialect that is PostgreSQL's, or none. */
export const dialectName = lambda<string>(
  (name, value) => {
    if (value === null || ourDialects.has(value)) return
    if (dialectNames.includes(value)) throw ConfigException.forKey(name, value, 'Only PostgreSQL is supported. Leave the key out.')
    throw invalidEnumerator(name, value)
  },
  `[${dialectNames.join(', ')}]`,
)

/** The default provider; programs of Java cannot be loaded. */
export const credentialsProvider = lambda<string>((name, value) => {
  if (value === null || value === defaultCredentialsProvider) return
  throw ConfigException.forKey(name, value, `Class ${value} could not be found.`)
}, `Any class implementing: interface ${providerInterface}`)

/** A zone Java knows; null passes. @param reason what Java says of others @param validValues text for tables */
export function timeZone(reason: string, validValues: string): Validator<string> {
  return lambda<string>((name, value) => {
    if (value !== null && TimeZone.of(value) === null) throw ConfigException.forKey(name, value, reason)
  }, validValues)
}

function isOneOf(words: readonly string[], value: string): boolean {
  return words.includes(value) || (value === value.toUpperCase() && words.includes(value.toLowerCase()))
}

function invalidEnumerator(name: string, value: string): ConfigException {
  return ConfigException.forKey(name, value, 'Invalid enumerator')
}
