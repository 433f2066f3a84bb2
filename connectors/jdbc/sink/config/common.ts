import { enumerator } from '../../dialect/config-validators.ts'

/** How rows are written. `multi` is Aiven's name for inserts of many rows at a time, which all of ours are. */
export const insertModes = ['insert', 'upsert', 'update'] as const
export type InsertMode = (typeof insertModes)[number]

/** Where the columns of the primary key come from. */
export const primaryKeyModes = ['none', 'kafka', 'record_key', 'record_value', 'record_header'] as const
export type PrimaryKeyMode = (typeof primaryKeyModes)[number]

/** Those of Confluent and Aiven. */
export const primaryKeyMode = enumerator('none', 'kafka', 'record_key', 'record_value')

/** Groups of Confluent's keys, in order; others use them too. */
export const groups = {
  connection: 'Connection',
  writes: 'Writes',
  mapping: 'Data Mapping',
  ddl: 'DDL Support',
  dml: 'DML Support',
  retries: 'Retries',
} as const
