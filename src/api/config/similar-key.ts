/**
 * The known key that an unknown one was probably meant to be; null: none is near. One edit in four characters, at most three, and parts
 * in another order or number (`schema.enable`) count as near.
 */
export function similarKey(unknown: string, known: Iterable<string>): string | null {
  const limit = Math.min(3, Math.floor(unknown.length / 4))
  let best: string | null = null
  let bestDistance = limit + 1
  for (const key of known) {
    const distance = sameParts(unknown, key) ? 1 : editDistance(normalized(unknown), normalized(key), bestDistance)
    if (distance < bestDistance) {
      best = key
      bestDistance = distance
    }
  }
  return best
}

function normalized(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '.')
}

function sameParts(a: string, b: string): boolean {
  const parts = (key: string) => normalized(key).split('.').sort().join('.')
  return parts(a) === parts(b)
}

/** Insertions, deletions, replacements and swaps of neighbours; stops at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) row.push(cell(a, b, i, j, row, last, beforeLast))
    if (Math.min(...row) >= limit) return limit
    beforeLast = last
    last = row
  }
  return last[b.length] ?? limit
}

function cell(
  a: string,
  b: string,
  i: number,
  j: number,
  row: readonly number[],
  last: readonly number[],
  beforeLast: readonly number[],
): number {
  const at = (values: readonly number[], index: number) => values[index] ?? Infinity
  const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
  const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(beforeLast, j - 2) + 1 : Infinity
  return Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1, swapped)
}
