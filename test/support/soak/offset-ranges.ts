/** Which offsets of the partitions of some topics were seen, as ranges, so that millions take no memory. */
export class OffsetRanges {
  readonly #partitions = new Map<string, Range[]>()

  /** @param to one behind the last */
  add(topic: string, partition: number, from: number, to: number): void {
    const name = `${topic}-${partition}`
    const ranges = [...(this.#partitions.get(name) ?? []), { from, to }].sort((a, b) => a.from - b.from)
    const merged: Range[] = []
    for (const range of ranges) {
      const last = merged.at(-1)
      if (last === undefined || range.from > last.to) merged.push(range)
      else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
    }
    this.#partitions.set(name, merged)
  }

  /** Whether all offsets from 0 to before `end` were seen. */
  covers(topic: string, partition: number, end: number): boolean {
    const [first] = this.#partitions.get(`${topic}-${partition}`) ?? []
    return end === 0 || (first !== undefined && first.from === 0 && first.to >= end)
  }

  toString(): string {
    return [...this.#partitions].map(([name, ranges]) => `${name}: ${ranges.map(({ from, to }) => `${from}-${to}`).join(' ')}`).join(', ')
  }
}

interface Range {
  readonly from: number
  readonly to: number
}
