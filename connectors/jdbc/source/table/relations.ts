import type { SourcePartition } from 'standpipe/api'
import { cutName, parseTableName, quoted } from '../../dialect/identifiers.ts'
import type { JdbcSourceSettings } from '../config/settings.ts'
import { qualifiedName, type SourceRelation } from '../query/source-relation.ts'

/** Tables as one task configuration holds them: a list of quoted names. */
export function tableList(tables: readonly { readonly schema: string; readonly name: string }[], { quoting }: JdbcSourceSettings): string {
  return tables.map(({ schema, name }) => qualifiedName(schema, name, quoting)).join(',')
}

/** The names in such a list; commas inside quotation marks are part of a name. */
export function listedTables(list: string): readonly string[] {
  return (list.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? []).map((name) => name.trim()).filter((name) => name !== '')
}

/** A table by its name in a task configuration. @param defaultSchema where names without schema are */
export function tableRelation(listed: string, settings: JdbcSourceSettings, defaultSchema: string): SourceRelation {
  const { quoting, connection } = settings
  const parsed = parseTableName(listed)
  const schema = parsed.schema ?? defaultSchema
  const name = cutName(quoting === 'never' ? parsed.table.toLowerCase() : parsed.table)
  const qualified = qualifiedName(schema, name, quoting)
  const isBulk = settings.mode.mode === 'bulk'
  return {
    shown: `"${schema}"."${name}"`,
    table: { schema, name },
    sql: `SELECT * FROM ${qualified}`,
    topic: topicOf(settings, connection.database, schema, name),
    partition: isBulk ? { table: name } : protocolOne(`${schema}.${name}`),
    formerPartitions: isBulk ? [] : [protocolOne(`${connection.database}.${schema}.${name}`), { table: name }],
    column: (column) => `${qualified}.${quoted(column, quoting)}`,
  }
}

/** The query of the configuration. */
export function queryRelation({ mode, records, quoting }: JdbcSourceSettings): SourceRelation {
  return {
    shown: 'the query',
    table: null,
    sql: mode.query,
    topic: records.topicPrefix,
    partition: { query: 'query' },
    formerPartitions: [],
    column: (column) => quoted(column, quoting),
  }
}

/** As Java's map prints it: the protocol first. */
function protocolOne(table: string): SourcePartition {
  return { protocol: '1', table }
}

function topicOf({ records }: JdbcSourceSettings, catalog: string, schema: string, table: string): string {
  const { topicFormat, topicPrefix } = records
  if (topicFormat === '') return legalTopic(topicPrefix + table)
  const parts: Readonly<Record<string, string>> = { prefix: topicPrefix, catalog, schema, table }
  return legalTopic(topicFormat.replaceAll(/\$\{(\w+)\}/g, (placeholder, part: string) => parts[part] ?? placeholder))
}

/** Kafka refuses other characters, which Java's connector would send for ever. */
function legalTopic(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9._-]/g, '_')
}
