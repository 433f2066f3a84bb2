import { ConfigException, type Password, type Props } from 'standpipe/api'
import type { CalendarSystem } from '../../dialect/calendar.ts'
import { readConnectionSettings, type ConnectionSettings } from '../../dialect/connection-settings.ts'
import type { Quoting } from '../../dialect/identifiers.ts'
import { TimeZone } from '../../dialect/time-zone.ts'
import { parseColumnMapping, type ColumnMapping } from './column-mapping.ts'
import { sourceConfigs, type SourceFamily } from './definitions.ts'
import { tablePattern } from './table-pattern.ts'
import type { HstoreUse, NumericMapping, SourceMode, TimestampGranularity, UnsupportedTypeUse } from './words.ts'

/** Which tables are read. */
export interface FilterSettings {
  readonly whitelist: readonly string[]
  readonly blacklist: readonly string[]
  readonly include: readonly RegExp[]
  readonly exclude: readonly RegExp[]
  /** True: there is an exclude list and no include list, which lets nothing through. */
  readonly excludesOnly: boolean
  /** Null: any. */
  readonly catalog: string | null
  /** A pattern of LIKE. Null: all schemas but those of the system. */
  readonly schemaPattern: string | null
  /** JDBC's names, upper case. */
  readonly types: ReadonlySet<string>
}

/** Which columns a table is read by, and from where. */
export interface ModeSettings {
  /** Of no meaning where changes are read. */
  readonly mode: SourceMode
  /** Empty: found by itself. */
  readonly incrementingColumn: string
  readonly timestampColumns: readonly string[]
  readonly incrementingMapping: readonly ColumnMapping[]
  readonly timestampMapping: readonly ColumnMapping[]
  /** Epoch milliseconds; -1: the server's time at the start; null: 1970. */
  readonly timestampInitial: number | null
  readonly incrementingInitial: bigint
  readonly validatesNonNull: boolean
  readonly delayMs: number
  /** Empty: tables are read. */
  readonly query: string
  /** It must not be shown. */
  readonly isQueryMasked: boolean
  readonly querySuffix: string
  readonly guardsVisibility: boolean
  /** How long for one transaction. 0: without end. */
  readonly guardMaxWaitMs: number
  /** Numbers before the last one that are looked at again. 0: none. */
  readonly rescanIds: number
}

/** What values become. */
export interface ValueSettings {
  readonly zone: TimeZone
  readonly calendar: CalendarSystem
  readonly numericMapping: NumericMapping
  readonly granularity: TimestampGranularity
  readonly unsupportedTypes: UnsupportedTypeUse
  /** Arrays become arrays, and the schemas of json and jsonb have a name. */
  readonly takesComplexTypes: boolean
  readonly hstoreUse: HstoreUse
  /** Aiven's decimals do not tell their precision. */
  readonly tellsPrecision: boolean
}

/** When to read, and how much at a time. Times in milliseconds. */
export interface PollSettings {
  readonly intervalMs: number
  /** 1 at least. */
  readonly maxRows: number
  /** Rows that may be read ahead. */
  readonly bufferRows: number
  /** Rows of one transaction. 0: all. */
  readonly pageRows: number
  readonly tableIntervalMs: number
  readonly firstTablesMs: number
  /** 0: no end. */
  readonly retryAttempts: number
  readonly failsOnError: boolean
}

/** Names of topics, and keys of records. */
export interface RecordSettings {
  readonly topicPrefix: string
  /** Empty: prefix and table. */
  readonly topicFormat: string
  /** `none`, `primary key`, or columns by name. */
  readonly keyColumns: 'none' | 'primary key' | readonly string[]
  /** A key of one column is its value. */
  readonly hasPrimitiveKeys: boolean
}

/** How changes are read from the server's log. */
export interface ChangeSettings {
  readonly slot: string
  readonly publication: string
  /** The rows that there are come first. */
  readonly takesSnapshot: boolean
}

/** A whole configuration, read once and grouped by who needs it. */
export interface JdbcSourceSettings {
  readonly family: SourceFamily
  readonly connection: ConnectionSettings
  readonly connectionAttempts: number
  /** The file says how many attempts there are: then they are all. Java's default of 3 would end the task within half a minute of an outage. */
  readonly endsWithAttempts: boolean
  readonly connectionBackoffMs: number
  readonly quoting: Quoting
  /** As SQL says it, such as `READ COMMITTED`. Null: as the database has it. */
  readonly isolation: string | null
  readonly filter: FilterSettings
  readonly mode: ModeSettings
  /** Null: rows are read, not changes. */
  readonly changes: ChangeSettings | null
  readonly values: ValueSettings
  readonly poll: PollSettings
  readonly records: RecordSettings
}

type Keys = ReturnType<typeof confluentView>

/** Reads a configuration. @throws ConfigException for the first key that is wrong */
export function readJdbcSourceSettings(props: Props, family: SourceFamily): JdbcSourceSettings {
  const keys = family === 'confluent' ? confluentView(props) : aivenView(props)
  if (keys.mode === '') throw new ConfigException('Query mode must be specified')
  return {
    family,
    connection: connectionOf(props, family, keys['connection.user'], keys['connection.password']),
    connectionAttempts: Math.max(1, keys['connection.attempts']),
    endsWithAttempts: Object.hasOwn(props, 'connection.attempts'),
    connectionBackoffMs: Math.max(0, keys['connection.backoff.ms']),
    quoting: readQuoting(keys['quote.sql.identifiers']),
    isolation: isolationOf(keys['transaction.isolation.mode']),
    filter: filterOf(keys),
    mode: modeOf(keys),
    changes: keys.mode === 'cdc' ? changesOf(keys, props['name'] ?? '') : null,
    values: valuesOf(keys, family),
    poll: {
      intervalMs: Math.max(0, keys['poll.interval.ms']),
      maxRows: Math.max(1, keys['batch.max.rows']),
      bufferRows: keys['max.buffer.size'] > 0 ? keys['max.buffer.size'] : 4 * Math.max(1, keys['batch.max.rows']),
      pageRows: keys['page.rows'],
      tableIntervalMs: Math.max(1, keys['table.poll.interval.ms']),
      firstTablesMs: Math.max(0, keys['table.monitoring.startup.polling.limit.ms']),
      retryAttempts: Math.max(0, keys['query.retry.attempts']),
      failsOnError: keys['query.on.error'] === 'fail',
    },
    records: {
      topicPrefix: keys['topic.prefix'].trim(),
      topicFormat: keys['topic.name.format'],
      keyColumns: keyColumnsOf(keys['key.columns']),
      hasPrimitiveKeys: keys['key.format'] === 'primitive',
    },
  }
}

/** How identifiers are quoted, in any case. @throws ConfigException with Java's sentence */
export function readQuoting(text: string): Quoting {
  const quoting = text.toLowerCase()
  if (quoting === 'always' || quoting === 'never') return quoting
  throw new ConfigException(`No matching QuoteMethod found for '${text}'`)
}

/** The connection alone. @throws ConfigException */
export function connectionOf(props: Props, family: SourceFamily, user: string | null, password: Password | null): ConnectionSettings {
  return readConnectionSettings({
    url: (props['connection.url'] ?? '').trim(),
    user,
    password,
    driverParameters: driverParameters(props, family),
    applicationName: props['name'] ?? 'jdbc-source',
    blockedParameters: (process.env['JDBC_CONNECTION_URL_BLOCKED_PARAMS'] ?? '').split(',').filter((name) => name !== ''),
  })
}

/** `connection.` keys that the class does not declare are parameters of the driver. */
export function driverParameters(props: Props, family: SourceFamily): Record<string, string> {
  const { keys } = sourceConfigs[family]
  const prefix = 'connection.'
  const isParameter = (key: string) => key.startsWith(prefix) && !keys.has(key)
  const entries = Object.entries(props).filter(([key]) => isParameter(key))
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), value.trim()]))
}

function confluentView(props: Props) {
  return sourceConfigs.confluent.parse(props)
}

/** Aiven's keys under Confluent's names. */
function aivenView(props: Props): Keys {
  const keys = sourceConfigs.aiven.parse(props)
  return {
    ...sourceConfigs.confluent.parse({}),
    ...keys,
    'timestamp.initial': Object.hasOwn(props, 'timestamp.initial.ms') ? keys['timestamp.initial.ms'] : null,
    'quote.sql.identifiers': keys['sql.quote.identifiers'] ? 'always' : 'never',
  }
}

function filterOf(keys: Keys): FilterSettings {
  const patterns = (key: 'table.include.list' | 'table.exclude.list') =>
    withoutBlanks(keys[key]).map((pattern) => tablePattern(key, pattern, keys[key]))
  const include = patterns('table.include.list')
  const exclude = patterns('table.exclude.list')
  return {
    whitelist: withoutBlanks(keys['table.whitelist']),
    blacklist: withoutBlanks(keys['table.blacklist']),
    include,
    exclude,
    excludesOnly: include.length === 0 && exclude.length > 0,
    catalog: keys['catalog.pattern'],
    schemaPattern: keys['schema.pattern'],
    types: new Set(keys['table.types'].map((type) => type.toUpperCase())),
  }
}

function modeOf(keys: Keys): ModeSettings {
  const masked = keys['query.masked'].value()
  return {
    mode: keys.mode === 'cdc' ? 'bulk' : (keys.mode as SourceMode), // its validator lets no other pass
    incrementingColumn: keys['incrementing.column.name'],
    timestampColumns: withoutBlanks(keys['timestamp.column.name']),
    incrementingMapping: parseColumnMapping('incrementing.column.mapping', keys['incrementing.column.mapping'], 'one'),
    timestampMapping: parseColumnMapping('timestamp.columns.mapping', keys['timestamp.columns.mapping'], 'list'),
    timestampInitial: keys['timestamp.initial'],
    incrementingInitial: BigInt(keys['incrementing.initial']),
    validatesNonNull: keys['validate.non.null'],
    delayMs: keys['timestamp.delay.interval.ms'],
    query: keys.query === '' ? masked : keys.query,
    isQueryMasked: masked !== '',
    querySuffix: keys['query.suffix'].trim(),
    guardsVisibility: keys['visibility.guard'] === 'xmin',
    guardMaxWaitMs: keys['visibility.guard.max.wait.ms'],
    rescanIds: keys['visibility.rescan.ids'],
  }
}

/** Names of slots are of small letters, digits and underscores, 63 at most. */
function changesOf(keys: Keys, connector: string): ChangeSettings {
  const name = `standpipe_${connector.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`.slice(0, 63)
  return {
    slot: keys['slot.name'] === '' ? name : keys['slot.name'],
    publication: keys['publication.name'] === '' ? name : keys['publication.name'],
    takesSnapshot: keys['cdc.snapshot.mode'] === 'initial',
  }
}

function valuesOf(keys: Keys, family: SourceFamily): ValueSettings {
  const named = keys['numeric.mapping']?.toLowerCase() as NumericMapping | undefined
  return {
    zone: TimeZone.of(keys['db.timezone']) ?? TimeZone.utc, // the key's validator lets no other pass
    calendar: keys['date.calendar.system'] as CalendarSystem,
    numericMapping: named ?? (keys['numeric.precision.mapping'] ? 'precision_only' : 'none'),
    granularity: keys['timestamp.granularity'].toLowerCase() as TimestampGranularity,
    unsupportedTypes: keys['unsupported.types'] as UnsupportedTypeUse,
    takesComplexTypes: keys['sql.complex.types.enable'],
    hstoreUse: keys['hstore.handling.mode'].toLowerCase() as HstoreUse,
    tellsPrecision: family === 'confluent',
  }
}

function isolationOf(mode: string): string | null {
  const isolation = mode.toUpperCase()
  if (isolation === 'DEFAULT') return null
  if (isolation !== 'SQL_SERVER_SNAPSHOT') return isolation.replaceAll('_', ' ')
  throw new ConfigException('Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect')
}

function keyColumnsOf(columns: readonly string[]): RecordSettings['keyColumns'] {
  const [only = 'none'] = columns
  if (columns.length > 1 || (only !== 'none' && only !== 'primary_key')) return columns
  return only === 'none' ? 'none' : 'primary key'
}

function withoutBlanks(list: readonly string[]): readonly string[] {
  return list.filter((item) => item !== '')
}
