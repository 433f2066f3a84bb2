import type { SqlText } from '../../dialect/connection.ts'
import type { TemporalText } from '../../dialect/temporal-text.ts'
import type { SourceMode } from '../config/words.ts'
import { literal } from '../../dialect/identifiers.ts'
import { withMarks, withNumberedMarks } from './query-text.ts'
import { microsOf, type Instant } from './position.ts'

/** What a table or query is read by. Names as SQL has them, quoted and qualified. */
export interface CriteriaColumns {
  readonly mode: SourceMode
  /** Empty unless the mode has timestamps. */
  readonly timestamps: readonly string[]
  /** Null unless the mode has a number. */
  readonly incrementing: string | null
}

/** The bounds of one read; what the mode does not have is not looked at. */
export interface Bounds {
  /** Rows behind this number, as text. */
  readonly id: string
  /** Rows later than this; in the mode with both, of this time those behind the number too. */
  readonly begin: Instant
  /** And earlier than this. */
  readonly end: Instant
}

/** A statement with its values. */
export interface BoundStatement {
  readonly text: string
  readonly values: readonly SqlText[]
  /** How many marks there are. */
  readonly marks: number
}

/** The SQL for the time a row is of: the first of several columns that is not null. */
export function timeExpression(columns: readonly string[]): string {
  return columns.length === 1 ? (columns[0] ?? '') : `COALESCE(${columns.join(',')})`
}

/**
 * What follows the SELECT: empty in bulk mode, else WHERE and ORDER BY with JDBC's marks. Of time and number together rows are compared
 * as pairs, which an index over both serves, where Java's OR reads all rows before the lower bound.
 * @param asJava Java's own form, whose marks a query may have put elsewhere
 */
export function criteriaText({ mode, timestamps, incrementing }: CriteriaColumns, asJava: boolean): string {
  const time = timeExpression(timestamps)
  const id = incrementing ?? ''
  switch (mode) {
    case 'bulk':
      return ''
    case 'incrementing':
      return ` WHERE ${id} > ?::int8 ORDER BY ${id} ASC`
    case 'timestamp':
      return ` WHERE ${time} > ? AND ${time} < ? ORDER BY ${time} ASC`
    case 'timestamp+incrementing':
      return asJava
        ? ` WHERE ${time} < ? AND ((${time} = ? AND ${id} > ?) OR ${time} > ?) ORDER BY ${time},${id} ASC`
        : ` WHERE (${time},${id}) > (?,?::int8) AND ${time} < ? ORDER BY ${time},${id} ASC`
  }
}

/** The values of the marks, in order. */
export function criteriaValues(mode: SourceMode, bounds: Bounds, asJava: boolean, text: TemporalText): readonly SqlText[] {
  const instant = (time: Instant) => text.timestampOfMicros(microsOf(time))
  switch (mode) {
    case 'bulk':
      return []
    case 'incrementing':
      return [bounds.id]
    case 'timestamp':
      return [instant(bounds.begin), instant(bounds.end)]
    case 'timestamp+incrementing': {
      const [begin, end] = [instant(bounds.begin), instant(bounds.end)]
      return asJava ? [end, begin, bounds.id, begin] : [begin, bounds.id, end]
    }
  }
}

/** SQL with the values in it, for statements that take none. */
export function literalStatement(sql: string, values: readonly SqlText[]): string {
  return withMarks(sql, (place) => sqlOf(values[place] ?? null)).text
}

function sqlOf(value: SqlText): string {
  return value === null ? 'NULL' : literal(value)
}

/** As PostgreSQL takes it. Values without a mark, such as those of criteria inside a comment, are left out. */
export function boundStatement(sql: string, values: readonly SqlText[]): BoundStatement {
  const { text, marks } = withNumberedMarks(sql)
  return { text, values: values.slice(0, marks), marks }
}
