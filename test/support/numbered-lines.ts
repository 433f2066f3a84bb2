import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'

const width = 12

/** Line `index` of the input: its number, then text to the length of a real log line (93 characters). */
export function numberedLine(index: number): string {
  return `${String(index).padStart(width, '0')} ${'x'.repeat(80)}`
}

export async function writeNumberedLines(path: string, count: number): Promise<void> {
  const file = await open(path, 'w')
  for (let start = 0; start < count; start += 10_000) {
    const chunk = Array.from({ length: Math.min(10_000, count - start) }, (_, index) => `${numberedLine(start + index)}\n`)
    await file.write(chunk.join(''))
  }
  await file.close()
}

/** The number that a line begins with; null: it is no line of the input. */
export function numberOf(line: string): number | null {
  const index = Number(line.slice(0, width))
  return line === numberedLine(index) ? index : null
}

/** What became of the lines on the other side. */
export interface Reconciliation {
  readonly distinct: number
  readonly missing: number
  /** Lines that came again. */
  readonly duplicates: number
  /** Times the sequence went back, which only a restart may cause. */
  readonly rewinds: number
  /**
   * Times a line came before one that had not come yet: a loss, or broken order. Blind to what is left out of a repetition:
   * `walkOver` sees that.
   */
  readonly gaps: number
  /** Lines that are no line of the input: what a killed process had half written. */
  readonly fragments: number
}

/** Compares output with the numbered input: nothing missing, order kept, going back only where a restart allows it. */
export async function reconcile(path: string, count: number): Promise<Reconciliation> {
  const seen = new Uint8Array(count)
  const result = { distinct: 0, duplicates: 0, rewinds: 0, gaps: 0, fragments: 0 }
  let expected = 0
  let firstMissing = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const index = numberOf(line)
    if (index === null) {
      result.fragments++
      continue
    }
    if (index < expected) result.rewinds++
    if (index > firstMissing) result.gaps++
    if (seen[index] === 1) result.duplicates++
    else result.distinct++
    seen[index] = 1
    expected = index + 1
    firstMissing = Math.max(firstMissing, expected)
  }
  return { ...result, missing: count - result.distinct }
}
