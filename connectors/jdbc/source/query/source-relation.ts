import type { SourcePartition } from 'standpipe/api'
import { quoted, type Quoting } from '../../dialect/identifiers.ts'
import type { CriteriaColumns } from './criteria.ts'
import { criteriaText } from './criteria.ts'
import { endsInComment, hasClausesOfItsOwn, withoutSemicolon } from './query-text.ts'

/** What is read: a table, or the result of the query of the configuration. */
export interface SourceRelation {
  /** For messages: `"public"."orders"`, `the query`. */
  readonly shown: string
  /** Null: a query. */
  readonly table: { readonly schema: string; readonly name: string } | null
  readonly sql: string
  readonly topic: string
  readonly partition: SourcePartition
  /** Other partitions that earlier versions have stored offsets under, the best first. */
  readonly formerPartitions: readonly SourcePartition[]
  /** A column's name in the criteria. */
  readonly column: (name: string) => string
}

/** A read in one mode, but for its bounds. */
export interface ReadStatement {
  /** With JDBC's marks. */
  readonly sql: string
  /** The marks take the values in Java's order. */
  readonly asJava: boolean
}

/** `"schema"."table"`, or without quotation marks. */
export function qualifiedName(schema: string | null, table: string, quoting: Quoting): string {
  return schema === null ? quoted(table, quoting) : `${quoted(schema, quoting)}.${quoted(table, quoting)}`
}

/** The statement that reads new rows. A query with clauses of its own is put inside another, unless it ends in a comment that hides the criteria. */
export function readStatement(relation: SourceRelation, columns: CriteriaColumns, suffix: string): ReadStatement {
  const tail = suffix === '' ? '' : ` ${suffix}`
  if (relation.table !== null) return { sql: `${relation.sql}${criteriaText(columns, false)}${tail}`, asJava: false }
  const query = withoutSemicolon(relation.sql)
  if (endsInComment(query)) return { sql: `${query}${criteriaText(columns, true)}${tail}`, asJava: true }
  const isWrapped = columns.mode !== 'bulk' && hasClausesOfItsOwn(query)
  const from = isWrapped ? `SELECT * FROM (${query}) AS _q` : query
  return { sql: `${from}${criteriaText(columns, false)}${tail}`, asJava: false }
}
