import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { SimpleDateFormat } from '../../src/transforms/date-format/simple-date-format.ts'

interface Recorded {
  readonly format: readonly (readonly [pattern: string, ms: number, text: string])[]
  readonly parse: readonly (readonly [pattern: string, text: string, ms: number | null])[]
}

const { format, parse } = JSON.parse(readFileSync(new URL('simple-date-format.json', import.meta.url), 'utf8')) as Recorded

/** The day of recording, which decides what years of two digits mean. */
const now = Date.UTC(2026, 10, 21, 13, 50)

describe('date patterns are those of java.text.SimpleDateFormat', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat simple-date-format: ${String(passed)} of ${String(format.length + parse.length)}`)
  })

  it.each(format)('%s writes %d', (pattern, ms, text) => {
    expect(new SimpleDateFormat(pattern, now).format(ms)).toBe(text)
    passed++
  })

  it.each(parse)('%s reads %j', (pattern, text, ms) => {
    expect(new SimpleDateFormat(pattern, now).parse(text)).toBe(ms)
    passed++
  })
})
