import { ConfigException, javaPattern, type ParsedConfig, type Password, type Props } from 'standpipe/api'
import type { CalendarSystem } from '../../dialect/calendar.ts'
import { readConnectionSettings, type ConnectionSettings } from '../../dialect/connection-settings.ts'
import type { Quoting } from '../../dialect/identifiers.ts'
import { TimeZone } from '../../dialect/time-zone.ts'
import type { InsertMode, PrimaryKeyMode } from './common.ts'
import { metadataColumns, type MetadataColumn } from './metadata-columns.ts'
import { aivenSinkConfig, confluentSinkConfig, debeziumSinkConfig, sinkConfigs, type SinkFamily } from './definitions.ts'
import type { ownKeys } from './own-keys.ts'

/** Which table the records of a topic go to. */
export interface TableSettings {
  /** With placeholders. */
  readonly nameFormat: string
  /** Everything but letters, digits and underscores of the name becomes an underscore. */
  readonly normalizesName: boolean
  /** Dots of the topic become underscores before it is put into the format. */
  readonly replacesDots: boolean
  /** Topic → table. Null: all topics follow the format. */
  readonly mapping: ReadonlyMap<string, string> | null
  /** Whether topics that the mapping leaves out follow the format. */
  readonly mappingFallsBack: boolean
  readonly types: ReadonlySet<string>
  readonly quoting: Quoting
}

/** Which fields of a record become columns, and which of them are the key. */
export interface ColumnSettings {
  readonly keyMode: PrimaryKeyMode
  /** Empty: by mode. */
  readonly keyFields: readonly string[]
  /** Whether a field of the value is written. */
  readonly takesField: (topic: string, field: string) => boolean
  /** Names that stand in `fields.whitelist`; for messages. */
  readonly whitelist: readonly string[]
  readonly timestampFields: readonly string[]
  readonly stringColumn: string
  readonly metadata: readonly MetadataColumn[]
  readonly isSchemalessEnabled: boolean
  /** Records may be change events of Debezium: what they carry is taken out. */
  readonly unwrapsEvents: boolean
  readonly cloudEvents: RegExp | null
}

/** How values become text. */
export interface ValueSettings {
  readonly zone: TimeZone
  readonly dateZone: TimeZone
  readonly calendar: CalendarSystem
  readonly timestampUnit: 'microseconds' | 'nanoseconds'
  readonly replacesNullWithDefault: boolean
}

/** How tables are created and changed. */
export interface DdlSettings {
  readonly autoCreate: boolean
  readonly autoEvolve: boolean
  readonly timestampType: 'TIMESTAMP' | 'TIMESTAMPTZ'
  readonly stringType: string
  readonly decimal: 'plain' | 'scaled'
  readonly complexTypes: 'fail' | 'json'
  /** Where PostGIS has its types, for Debezium's logical types, which get columns of their own. Null: they do not. */
  readonly postgisSchema: string | null
  /** Tables of all topics have to be there when the task starts. */
  readonly validatesTables: boolean
  /** How often an ALTER that fails is tried again. */
  readonly alterRetries: number
}

/** How rows are written. */
export interface WriteSettings {
  readonly insertMode: InsertMode
  /** 1 at least. */
  readonly batchSize: number
  readonly deletes: boolean
  readonly truncates: boolean
  readonly skipsTombstones: boolean
  readonly onConflict: 'update' | 'nothing'
  /** Columns that say which of two rows is newer. Empty: the last is. */
  readonly updateIf: readonly string[]
  readonly method: 'auto' | 'unnest' | 'values' | 'copy'
  readonly isExactlyOnce: boolean
  /** Null: without end. */
  readonly maxRetries: number | null
  readonly retryBackoffMs: number
  readonly redacts: boolean
}

/** A whole configuration, read once a task and grouped by who needs it. */
export interface JdbcSinkSettings {
  readonly family: SinkFamily
  readonly connectorName: string
  readonly connection: ConnectionSettings
  readonly table: TableSettings
  readonly columns: ColumnSettings
  readonly values: ValueSettings
  readonly ddl: DdlSettings
  readonly write: WriteSettings
}

/** Reads a configuration. @throws ConfigException for the first key that is wrong */
export function readJdbcSinkSettings(props: Props, family: SinkFamily): JdbcSinkSettings {
  switch (family) {
    case 'confluent':
      return confluentSettings(props)
    case 'aiven':
      return aivenSettings(props)
    case 'debezium':
      return debeziumSettings(props)
  }
}

type OwnKeys = ParsedConfig<typeof ownKeys>

function confluentSettings(props: Props): JdbcSinkSettings {
  const keys = confluentSinkConfig.parse(props)
  const zone = zoneOf(keys['db.timezone'])
  const whitelist = withoutBlanks(keys['fields.whitelist'])
  return checked({
    family: 'confluent',
    connectorName: nameOf(props),
    connection: connectionOf(props, 'confluent', keys['connection.user'], keys['connection.password']),
    table: {
      ...{ nameFormat: keys['table.name.format'], normalizesName: false, replacesDots: false, mapping: null, mappingFallsBack: false },
      types: new Set(keys['table.types'].map((type) => type.toUpperCase())),
      quoting: readQuoting(keys['quote.sql.identifiers']),
    },
    columns: {
      keyMode: primaryKeyModeOf(keys['pk.mode']),
      keyFields: withoutBlanks(keys['pk.fields']),
      ...fieldsOf(whitelist),
      timestampFields: withoutBlanks(keys['timestamp.fields.list']),
      stringColumn: keys['string.output.value.column.name'],
      isSchemalessEnabled: keys['schemaless.enabled'],
      metadata: metadataOf(keys),
      ...{ unwrapsEvents: false, cloudEvents: null },
    },
    values: {
      ...{ zone, dateZone: keys['date.timezone'].toLowerCase() === 'utc' ? TimeZone.utc : zone },
      calendar: keys['date.calendar.system'] as CalendarSystem,
      timestampUnit: keys['timestamp.precision.mode'].toLowerCase() as ValueSettings['timestampUnit'],
      replacesNullWithDefault: keys['replace.null.with.default'],
    },
    ddl: ddlOf(keys, { autoCreate: keys['auto.create'], autoEvolve: keys['auto.evolve'], alterRetries: keys['max.retries'] }),
    write: {
      ...writeOf(props, keys, 'max.retries', keys['max.retries'], keys['retry.backoff.ms']),
      insertMode: insertModeOf(keys['insert.mode']),
      batchSize: Math.max(1, keys['batch.size']),
      ...{ deletes: keys['delete.enabled'], truncates: false, redacts: keys['trim.sensitive.log'] },
    },
  })
}

function aivenSettings(props: Props): JdbcSinkSettings {
  const keys = aivenSinkConfig.parse(props)
  const zone = zoneOf(keys['db.timezone'])
  const whitelist = withoutBlanks(keys['fields.whitelist'])
  const mapping = keys['topics.to.tables.mapping']
  return checked({
    family: 'aiven',
    connectorName: nameOf(props),
    connection: connectionOf(props, 'aiven', keys['connection.user'], keys['connection.password']),
    table: {
      ...{ nameFormat: keys['table.name.format'], normalizesName: keys['table.name.normalize'], replacesDots: false },
      mapping: mapping === null ? null : new Map(mapping.map((pair) => pair.split(':') as [string, string])),
      mappingFallsBack: keys['topics.to.tables.fallback'],
      types: new Set(['TABLE', 'PARTITIONED TABLE']),
      quoting: keys['sql.quote.identifiers'] ? 'always' : 'never',
    },
    columns: {
      keyMode: primaryKeyModeOf(keys['pk.mode']),
      keyFields: withoutBlanks(keys['pk.fields']),
      ...fieldsOf(whitelist),
      ...{ timestampFields: [], stringColumn: 'record_value', isSchemalessEnabled: keys['schemaless.enabled'] },
      metadata: metadataOf(keys),
      ...{ unwrapsEvents: false, cloudEvents: null },
    },
    values: { zone, dateZone: zone, calendar: 'LEGACY', timestampUnit: 'microseconds', replacesNullWithDefault: true },
    ddl: ddlOf(keys, { autoCreate: keys['auto.create'], autoEvolve: keys['auto.evolve'], alterRetries: keys['max.retries'] }),
    write: {
      ...writeOf(props, keys, 'max.retries', keys['max.retries'], keys['retry.backoff.ms']),
      insertMode: insertModeOf(keys['insert.mode']),
      batchSize: Math.max(1, keys['batch.size']),
      ...{ deletes: keys['delete.enabled'], truncates: false, redacts: false },
    },
  })
}

function debeziumSettings(props: Props): JdbcSinkSettings {
  const keys = debeziumSinkConfig.parse(props)
  const zone = zoneOf(keys['use.time.zone'] ?? keys['database.time_zone'] ?? 'UTC')
  const evolves = keys['schema.evolution'].toLowerCase() === 'basic'
  const strategy = keys['collection.naming.strategy'] ?? keys['table.naming.strategy'] ?? ''
  return checked({
    family: 'debezium',
    connectorName: nameOf(props),
    connection: connectionOf(props, 'debezium', keys['connection.username'], keys['connection.password']),
    table: {
      nameFormat: keys['collection.name.format'] ?? keys['table.name.format'] ?? '${topic}',
      ...{ normalizesName: false, replacesDots: !strategy.includes('Passthrough'), mapping: null, mappingFallsBack: false },
      types: new Set(['TABLE', 'PARTITIONED TABLE', 'VIEW', 'FOREIGN TABLE']),
      quoting: keys['quote.identifiers'] ? 'always' : 'never',
    },
    columns: {
      keyMode: primaryKeyModeOf(keys['primary.key.mode']),
      keyFields: withoutBlanks(keys['primary.key.fields']),
      ...includedFields(withoutBlanks(keys['field.include.list']), withoutBlanks(keys['field.exclude.list'])),
      ...{ timestampFields: [], stringColumn: 'record_value', isSchemalessEnabled: keys['schemaless.enabled'] },
      metadata: metadataOf(keys),
      ...{ unwrapsEvents: true, cloudEvents: javaPattern(keys['cloud.events.schema.name.pattern']) },
    },
    values: {
      zone,
      dateZone: TimeZone.utc,
      calendar: 'PROLEPTIC_GREGORIAN',
      timestampUnit: 'microseconds',
      replacesNullWithDefault: false,
    },
    ddl: {
      ...ddlOf(keys, { autoCreate: evolves, autoEvolve: evolves, alterRetries: keys['flush.max.retries'] }),
      postgisSchema: keys['dialect.postgres.postgis.schema'],
      validatesTables: keys['schema.evolution'].toLowerCase() === 'validate-only',
    },
    write: {
      ...writeOf(props, keys, 'flush.max.retries', keys['flush.max.retries'], keys['flush.retry.delay.ms']),
      insertMode: insertModeOf(keys['insert.mode']),
      batchSize: Math.max(1, keys['batch.size']),
      ...{ deletes: keys['delete.enabled'], truncates: keys['truncate.enabled'], redacts: false, skipsTombstones: true },
    },
  })
}

function checked(settings: JdbcSinkSettings): JdbcSinkSettings {
  const { write, columns, family } = settings
  const mayDelete =
    columns.keyMode === 'record_key' || (family === 'debezium' && ['record_value', 'record_header'].includes(columns.keyMode))
  if (write.deletes && !mayDelete) throw new ConfigException("Primary key mode must be 'record_key' when delete support is enabled")
  if (write.insertMode === 'update' && columns.keyMode === 'none') {
    throw new ConfigException(
      "Primary key mode must not be 'none' when insert.mode is update: without a key every record would rewrite the whole table. Set pk.mode and pk.fields.",
    )
  }
  if (write.updateIf.length > 0 && (write.insertMode === 'insert' || write.onConflict === 'nothing')) {
    throw new ConfigException('update.if says when a row is updated: it needs insert.mode upsert or update, and on.conflict=update.')
  }
  return settings
}

/** How identifiers are quoted, in any case. @throws ConfigException with Java's sentence */
export function readQuoting(text: string): Quoting {
  const quoting = text.toLowerCase()
  if (quoting === 'always' || quoting === 'never') return quoting
  throw new ConfigException(`No matching QuoteMethod found for '${text}'`)
}

/** The settings of the connection alone, of any family. @throws ConfigException */
export function connectionOf(props: Props, family: SinkFamily, user: string | null, password: Password | null): ConnectionSettings {
  return readConnectionSettings({
    url: (props['connection.url'] ?? '').trim(),
    user,
    password,
    driverParameters: driverParameters(props, family),
    applicationName: nameOf(props),
    blockedParameters: (process.env['JDBC_CONNECTION_URL_BLOCKED_PARAMS'] ?? '').split(',').filter((name) => name !== ''),
  })
}

/** `connection.` keys that the class does not declare are parameters of the driver. */
export function driverParameters(props: Props, family: SinkFamily): Record<string, string> {
  const { keys } = sinkConfigs[family]
  const prefix = 'connection.'
  const others = ['connection.user', 'connection.username']
  const isParameter = (key: string) =>
    key.startsWith(prefix) && !keys.has(key) && !key.startsWith('connection.pool.') && !others.includes(key)
  const entries = Object.entries(props).filter(([key]) => isParameter(key))
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), value.trim()]))
}

function nameOf(props: Props): string {
  return props['name'] ?? 'jdbc-sink'
}

function zoneOf(id: string): TimeZone {
  return TimeZone.of(id) ?? TimeZone.utc // the key's validator lets no other pass
}

function insertModeOf(text: string): InsertMode {
  const mode = text.toLowerCase()
  return mode === 'multi' ? 'insert' : (mode as InsertMode)
}

function primaryKeyModeOf(text: string): PrimaryKeyMode {
  return text.toLowerCase() as PrimaryKeyMode
}

function withoutBlanks(list: readonly string[]): readonly string[] {
  return list.filter((item) => item !== '')
}

function fieldsOf(whitelist: readonly string[]): Pick<ColumnSettings, 'takesField' | 'whitelist'> {
  const names = new Set(whitelist)
  return { whitelist, takesField: (_topic, field) => names.size === 0 || names.has(field) }
}

/** Patterns of `field` or `topic:field`. Debezium, FieldNameFilter. */
function includedFields(included: readonly string[], excluded: readonly string[]): Pick<ColumnSettings, 'takesField' | 'whitelist'> {
  const [included_, excluded_] = [included.map(javaPattern), excluded.map(javaPattern)]
  const matches = (patterns: readonly RegExp[], topic: string, field: string) =>
    patterns.some((pattern) => pattern.test(field) || pattern.test(`${topic}:${field}`))
  return {
    whitelist: included,
    takesField: (topic, field) => (included_.length === 0 || matches(included_, topic, field)) && !matches(excluded_, topic, field),
  }
}

function metadataOf(keys: OwnKeys): readonly MetadataColumn[] {
  return metadataColumns(keys['metadata.columns'], 'metadata.columns')
}

function ddlOf(keys: OwnKeys, own: Pick<DdlSettings, 'autoCreate' | 'autoEvolve' | 'alterRetries'>): DdlSettings {
  return {
    ...own,
    stringType: keys['ddl.string.type'].trim(),
    timestampType: keys['ddl.timestamp.type'] as DdlSettings['timestampType'],
    decimal: keys['ddl.decimal'] as DdlSettings['decimal'],
    complexTypes: keys['complex.types'] as DdlSettings['complexTypes'],
    ...{ postgisSchema: null, validatesTables: false },
  }
}

type CommonWriteSettings = Omit<WriteSettings, 'insertMode' | 'batchSize' | 'deletes' | 'truncates' | 'redacts'>

/** Java's default of 10 would end the task within a minute of an outage; who wants an end says so. */
function writeOf(props: Props, keys: OwnKeys, retriesKey: string, maxRetries: number, retryBackoffMs: number): CommonWriteSettings {
  return {
    skipsTombstones: keys['on.tombstone.disabled'] === 'skip',
    onConflict: keys['on.conflict'] as WriteSettings['onConflict'],
    updateIf: withoutBlanks(keys['update.if']),
    method: keys['write.method'] as WriteSettings['method'],
    isExactlyOnce: keys.delivery === 'exactly-once',
    maxRetries: Object.hasOwn(props, retriesKey) ? maxRetries : null,
    retryBackoffMs,
  }
}
