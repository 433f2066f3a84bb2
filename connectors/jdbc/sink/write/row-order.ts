import type { RowGroup } from './row-group.ts'

/** Rows of a group, as a statement takes them. */
export interface RowOrder {
  readonly rows: readonly number[]
  /** They are all there are, in the order of their records. */
  readonly areAll: boolean
}

/** All rows, in the order of their records. */
export function everyRow({ count }: RowGroup): RowOrder {
  const rows: number[] = []
  for (let row = 0; row < count; row++) rows.push(row)
  return { rows, areAll: true }
}

/**
 * The rows that count: of a key the last, unless it is deleted after that. Sorted by key, so that tasks that write the same rows lock
 * them in the same order and do not wait for each other in a circle. Keys of digits sort as numbers do: usually they come sorted.
 * @param deletedAt see TablePhase
 */
export function lastRows(group: RowGroup, deletedAt: ReadonlyMap<string, number>): RowOrder {
  if (deletedAt.size === 0 && isInOrder(group)) return everyRow(group)
  const rows = new Map<string, number>()
  const without: number[] = []
  for (let row = 0; row < group.count; row++) {
    const key = group.keyOf(row)
    if (key === null) without.push(row)
    else rows.set(key, row)
  }
  const left = deletedAt.size === 0 ? [...rows] : [...rows].filter(([key, row]) => row >= (deletedAt.get(key) ?? 0))
  left.sort(([a], [b]) => compared(a, b))
  return { rows: [...without, ...left.map(([, row]) => row)], areAll: false }
}

/** Whether each key is there once and sorted: often, since what makes keys counts upwards. */
function isInOrder(group: RowGroup): boolean {
  let before: string | null = null
  for (let row = 0; row < group.count; row++) {
    const key = group.keyOf(row)
    if (key === null || (before !== null && compared(before, key) >= 0)) return false
    before = key
  }
  return true
}

function compared(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
