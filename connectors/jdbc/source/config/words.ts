/** How new rows are found. */
export const sourceModes = ['bulk', 'timestamp', 'incrementing', 'timestamp+incrementing'] as const
export type SourceMode = (typeof sourceModes)[number]

/** What columns of type numeric become. */
export const numericMappings = ['none', 'precision_only', 'best_fit', 'best_fit_eager_double'] as const
export type NumericMapping = (typeof numericMappings)[number]

/** What columns of type timestamp and timestamptz become. */
export const timestampGranularities = [
  'connect_logical',
  'micros_long',
  'micros_string',
  'micros_iso_datetime_string',
  'nanos_long',
  'nanos_string',
  'nanos_iso_datetime_string',
] as const
export type TimestampGranularity = (typeof timestampGranularities)[number]

/** Isolation of the reading transactions, under Java's names. */
export const isolationModes = [
  'DEFAULT',
  'READ_UNCOMMITTED',
  'READ_COMMITTED',
  'REPEATABLE_READ',
  'SERIALIZABLE',
  'SQL_SERVER_SNAPSHOT',
] as const

/** What becomes of columns whose type has no Connect type. */
export const unsupportedTypeUses = ['drop', 'string', 'fail'] as const
export type UnsupportedTypeUse = (typeof unsupportedTypeUses)[number]

/** What columns of the extension's type hstore become. */
export const hstoreUses = ['none', 'map', 'json'] as const
export type HstoreUse = (typeof hstoreUses)[number]

/** Groups of the keys, in order. */
export const groups = { database: 'Database', mode: 'Mode', connector: 'Connector', hidden: '' } as const
