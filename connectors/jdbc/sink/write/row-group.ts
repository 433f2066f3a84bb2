import type { SinkRecord } from 'standpipe/api'
import type { SqlText } from '../../dialect/connection.ts'
import type { RecordContent } from '../record/record-content.ts'
import { canonicalUuid, type ColumnLayout } from './column-layout.ts'
import type { RowShape } from './row-shape.ts'

/** Between the parts of a key: no text of PostgreSQL contains it. */
const separator = '\u0000'

/** Rows for one statement, column by column, in the order of their records. */
export class RowGroup {
  readonly layout: ColumnLayout
  readonly columns: readonly SqlText[][]
  readonly records: SinkRecord[] = []
  /** How long all texts are together. */
  length = 0
  /** Of one row, before it counts. */
  readonly #row: SqlText[] = []

  constructor(layout: ColumnLayout) {
    this.layout = layout
    this.columns = layout.columns.map(() => [])
  }

  get count(): number {
    return this.records.length
  }

  /** @throws DataException for a value that cannot be written; then there is no row */
  add(content: RecordContent, shape: RowShape): void {
    this.length += shape.append(content, this.columns, this.#row)
    this.records.push(content.record)
  }

  /** The row belongs elsewhere. */
  removeLast(): void {
    for (const column of this.columns) this.length -= column.pop()?.length ?? 0
    this.records.pop()
  }

  /** The key of a row as a text that equal keys share; null: part of it is NULL, which equals nothing. */
  keyOf(row: number): string | null {
    const { keyCount } = this.layout
    if (keyCount === 1) return this.#keyPart(0, row)
    let key = ''
    for (let index = 0; index < keyCount; index++) {
      const part = this.#keyPart(index, row)
      if (part === null) return null
      key += part + separator
    }
    return key
  }

  #keyPart(column: number, row: number): string | null {
    const text = this.columns[column]?.[row] ?? null
    if (text === null || this.layout.keyEquality === 'text') return text
    return this.layout.columns[column]?.baseType === 'uuid' ? canonicalUuid(text) : text
  }
}
