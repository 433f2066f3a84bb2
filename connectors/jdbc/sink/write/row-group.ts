import type { SinkRecord } from 'standpipe/api'
import type { SqlText } from '../../dialect/connection.ts'
import { CopyRows } from '../../dialect/copy-rows.ts'
import { TextColumn } from '../../dialect/text-column.ts'
import type { RecordContent } from '../record/record-content.ts'
import { canonicalUuid, type ColumnLayout } from './column-layout.ts'
import type { RowShape } from './row-shape.ts'

/** Between the parts of a key: no text of PostgreSQL contains it. */
const separator = '\u0000'

/** Rows for one statement, in the order of their records. */
export class RowGroup {
  readonly layout: ColumnLayout
  readonly records: SinkRecord[] = []
  /** How long all texts are together. */
  length = 0
  /** Of each row, see `keyOf`. Empty: there is no key. */
  readonly #keys: (string | null)[] = []
  /** Of one row, before it counts. */
  readonly #row: SqlText[] = []
  #lastLength = 0
  /** Null: rows are kept column by column. */
  #copyRows: CopyRows | null
  #columns: readonly TextColumn[] | null = null

  /** @param isForCopy rows will go by COPY, probably */
  constructor(layout: ColumnLayout, isForCopy: boolean) {
    this.layout = layout
    this.#copyRows = isForCopy ? new CopyRows() : null
  }

  get count(): number {
    return this.records.length
  }

  /** @throws DataException for a value that cannot be written; then there is no row */
  add(content: RecordContent, shape: RowShape): void {
    const row = this.#row
    this.#lastLength = shape.textsOf(content, row)
    this.length += this.#lastLength
    this.#push(row)
    if (this.layout.keyCount > 0) this.#keys.push(this.#keyOf(row))
    this.records.push(content.record)
  }

  /** The row added last belongs elsewhere. */
  removeLast(): void {
    this.length -= this.#lastLength
    if (this.#copyRows !== null) this.#copyRows.pop()
    else for (const column of this.columns) column.pop()
    this.#keys.pop()
    this.records.pop()
  }

  /** For COPY; null: rows are not kept for it. */
  get copyRows(): CopyRows | null {
    return this.#copyRows
  }

  /** For other statements. */
  get columns(): readonly TextColumn[] {
    if (this.#columns !== null) return this.#columns
    const columns = this.layout.columns.map(() => new TextColumn())
    this.#columns = columns
    const rows = this.#copyRows
    this.#copyRows = null
    for (let row = 0; row < (rows?.count ?? 0); row++) this.#push(rows?.textsAt(row) ?? [])
    return columns
  }

  /** The key of a row as a text that equal keys share; null: part of it is NULL, which equals nothing. */
  keyOf(row: number): string | null {
    return this.#keys[row] ?? null
  }

  #push(row: readonly SqlText[]): void {
    if (this.#copyRows !== null) return this.#copyRows.push(row, this.layout.arePlain)
    const { columns } = this
    for (let index = 0; index < columns.length; index++) columns[index]?.push(row[index] ?? null)
  }

  #keyOf(row: readonly SqlText[]): string | null {
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

  #keyPart(column: number, row: readonly SqlText[]): string | null {
    const text = row[column] ?? null
    if (text === null || this.layout.keyEquality === 'text') return text
    return this.layout.columns[column]?.baseType === 'uuid' ? canonicalUuid(text) : text
  }
}
