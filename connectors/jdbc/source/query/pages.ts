import type { SqlText } from '../../dialect/connection.ts'
import type { SourceMode } from '../config/words.ts'

/** What ends a page of a read: rows of one time are not torn apart. @param rows 0: there are no pages */
export function pageLimit(mode: SourceMode, rows: number): string {
  if (rows === 0) return ''
  return mode === 'timestamp' ? ` FETCH FIRST ${rows} ROWS WITH TIES` : ` LIMIT ${rows}`
}

/** The criteria of a page in mode bulk, with JDBC's marks. @param key columns of the primary key, as SQL has them @param isFirst nothing comes before it */
export function bulkPage(key: readonly string[], isFirst: boolean, rows: number): string {
  const columns = key.join(',')
  const after = isFirst ? '' : ` WHERE (${columns}) > (${key.map(() => '?').join(',')})`
  return `${after} ORDER BY ${columns}${pageLimit('bulk', rows)}`
}

/** Where a row stands among pages in mode bulk. */
export function keyOf(row: readonly SqlText[], places: readonly number[]): readonly SqlText[] {
  return places.map((place) => row[place] ?? null)
}
