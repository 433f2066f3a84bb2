import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** Characters of a line: a number of 12 digits, a space and 80 letters. Its end of line comes on top. */
const LINE_CHARACTERS = 93
export const LINE_BYTES = LINE_CHARACTERS + 1

const LINES_PER_WRITE = 10_000

function numberedLine(number: number): string {
  return `${String(number).padStart(12, '0')} ${'x'.repeat(80)}`
}

/** Writes the lines of 0 to `count` - 1; without `lineOf` numbered ones of 93 characters. */
export async function writeLines(file: string, count: number, lineOf: (number: number) => string = numberedLine): Promise<void> {
  const out = createWriteStream(file)
  for (let next = 0; next < count; next += LINES_PER_WRITE) {
    const numbers = Array.from({ length: Math.min(LINES_PER_WRITE, count - next) }, (_, index) => next + index)
    if (!out.write(numbers.map((number) => `${lineOf(number)}\n`).join(''))) await once(out, 'drain')
  }
  out.end()
  await finished(out)
}
