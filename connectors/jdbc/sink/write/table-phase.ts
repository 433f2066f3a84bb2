import type { RecordContent } from '../record/record-content.ts'
import type { ColumnLayout } from './column-layout.ts'
import { RowGroup } from './row-group.ts'
import type { RowShape } from './row-shape.ts'

/** Whether a phase took a row, or a new one has to begin so that the changes of a key keep their order. */
export type Taken = 'taken' | 'next phase'

/**
 * Changes of one table that can be made in any order of statements, provided deletes come first: a key's rows are in one group, the last
 * of them counts, and a row whose key is deleted after it is left out. What would break this begins the next phase.
 */
export class TablePhase {
  /** Of the different columns that records fill; usually one. */
  readonly writes: RowGroup[] = []
  deletes: RowGroup | null = null
  /** Whether the table is emptied before everything else. */
  truncates = false
  /** Key → how many rows the first group had when it was deleted: those before are gone. */
  readonly deletedAt = new Map<string, number>()
  readonly #keepsEveryRow: boolean
  readonly #mayCopy: boolean
  /** Which group has rows of a key; null while there is one group, where it need not be known. */
  #owners: Map<string, RowGroup> | null = null

  /** @param keepsEveryRow inserts: a row that is there twice is an error the server has to see @param mayCopy rows may go by COPY */
  constructor(keepsEveryRow: boolean, mayCopy: boolean) {
    this.#keepsEveryRow = keepsEveryRow
    this.#mayCopy = mayCopy
  }

  write(content: RecordContent, shape: RowShape): Taken {
    const { layout } = shape
    const group = this.#groupOf(layout)
    if (group === null) return 'next phase'
    group.add(content, shape)
    if (this.#owners === null || layout.keyCount === 0) return 'taken'
    const key = group.keyOf(group.count - 1)
    const owner = key === null ? undefined : this.#owners.get(key)
    if (owner !== undefined && owner !== group) {
      group.removeLast()
      return 'next phase'
    }
    if (key !== null) this.#owners.set(key, group)
    return 'taken'
  }

  delete(content: RecordContent, shape: RowShape): Taken {
    const { layout } = shape
    const [first] = this.writes
    const areComparable = layout.keyEquality !== 'unknown' && first?.layout.keyEquality !== 'unknown'
    const mayMix = areComparable && !this.#keepsEveryRow && this.writes.length <= 1
    if (this.writes.length > 0 && !mayMix) return 'next phase'
    const group = (this.deletes ??= new RowGroup(layout, false))
    if (group.layout !== layout) return 'next phase'
    group.add(content, shape)
    const key = group.keyOf(group.count - 1)
    if (key !== null) this.deletedAt.set(key, first?.count ?? 0)
    return 'taken'
  }

  /** Null: a group of these columns cannot join. */
  #groupOf(layout: ColumnLayout): RowGroup | null {
    const [first] = this.writes
    if (first === undefined) return this.#opened(layout)
    if (first.layout === layout) return first
    const known = this.writes.find((group) => group.layout === layout)
    if (known !== undefined) return known
    if (layout.keyCount > 0 && (layout.keyEquality === 'unknown' || this.deletes !== null)) return null
    if (layout.keyCount > 0) this.#owners ??= ownersOf(first)
    return this.#opened(layout)
  }

  #opened(layout: ColumnLayout): RowGroup | null {
    // deletes run first, which is right for a row after its delete; where keys cannot be compared it is not known which is which
    if (this.deletes !== null && layout.keyEquality === 'unknown') return null
    const group = new RowGroup(layout, this.#mayCopy && takesCopy(layout))
    this.writes.push(group)
    return group
  }
}

/** Views and foreign tables do not. */
function takesCopy({ table }: ColumnLayout): boolean {
  const { type } = table.catalog
  return type === 'TABLE' || type === 'PARTITIONED TABLE'
}

function ownersOf(group: RowGroup): Map<string, RowGroup> {
  const owners = new Map<string, RowGroup>()
  for (let row = 0; row < group.count; row++) {
    const key = group.keyOf(row)
    if (key !== null) owners.set(key, group)
  }
  return owners
}
