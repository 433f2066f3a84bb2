import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isJavaOffsetFile, readJavaOffsetFile, writeJavaOffsetFile } from '../../../src/offsets/java-offset-file.ts'
import type { OffsetEntry } from '../../../src/offsets/offset-backing-store.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const entries: fc.Arbitrary<OffsetEntry[]> = fc.array(fc.record({ key: fc.option(bytes), value: fc.option(bytes) }), { maxLength: 30 })

/** Written by java.io.ObjectOutputStream of JDK 17. */
const fromJava = (base64: string) => Buffer.from(base64, 'base64')
const hashMap = 'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhwP0AAAAAA'

const textOf = (entry: OffsetEntry) => [entry.key?.toString(), entry.value?.toString()]

describe('Java offset file', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(entries, (all) => {
        expect(readJavaOffsetFile(writeJavaOffsetFile(all), 'f')).toEqual(all)
      }),
    )
  })

  it('writes the empty map as Java does', () => {
    expect(writeJavaOffsetFile([])).toEqual(fromJava(`${hashMap}AAB3CAAAABAAAAAAeA==`))
  })

  it('reads arrays that are referred to a second time', () => {
    const shared = fromJava(
      `${hashMap}AAx3CAAAABAAAAADdXIAAltCrPMX+AYIVOACAAB4cAAAAAFrcQB+AAN1cQB+AAIAAAABbHVxAH4AAgAAAAF2dXEAfgACAAAAAW1xAH4ABXg=`,
    )
    expect(readJavaOffsetFile(shared, 'f').map(textOf)).toEqual([
      ['k', 'k'],
      ['l', 'v'],
      ['m', 'v'],
    ])
  })

  it('reads a subclass of HashMap, as Java does', () => {
    const linked = fromJava(
      'rO0ABXNyABdqYXZhLnV0aWwuTGlua2VkSGFzaE1hcDTATlwQbMD7AgABWgALYWNjZXNzT3JkZXJ4cgARamF2YS51dGlsLkhhc2hNYXAFB9rBwxZg0QMAAkYACmxvYWRGYWN0b3JJAAl0aHJlc2hvbGR4cD9AAAAAAAAMdwgAAAAQAAAAAXVyAAJbQqzzF/gGCFTgAgAAeHAAAAABa3VxAH4AAwAAAAF2eAA=',
    )
    expect(readJavaOffsetFile(linked, 'f').map(textOf)).toEqual([['k', 'v']])
  })

  it.each([
    ['a text', 'rO0ABXQABWhlbGxv', 'Expected HashMap but found class java.lang.String'],
    ['a byte array', 'rO0ABXVyAAJbQqzzF/gGCFTgAgAAeHAAAAABaw==', 'Expected HashMap but found class [B'],
    ['null', 'rO0ABXA=', 'Expected HashMap but found null'],
    [
      'a list',
      'rO0ABXNyABNqYXZhLnV0aWwuQXJyYXlMaXN0eIHSHZnHYZ0DAAFJAARzaXpleHAAAAABdwQAAAABdAABYXg=',
      'Expected HashMap but found class java.util.ArrayList',
    ],
    [
      'a tree map',
      'rO0ABXNyABFqYXZhLnV0aWwuVHJlZU1hcAzB9j4tJWrmAwABTAAKY29tcGFyYXRvcnQAFkxqYXZhL3V0aWwvQ29tcGFyYXRvcjt4cHB3BAAAAAF0AAFhdAABYng=',
      'Expected HashMap but found class java.util.TreeMap',
    ],
    ['a map of texts', `${hashMap}AAF3CAAAAAIAAAABdAABYXQAAWJ4`, 'a key or value is not a byte array (tag 0x74)'],
    [
      'a map with an array of integers',
      `${hashMap}AAF3CAAAAAIAAAABdXIAAltCrPMX+AYIVOACAAB4cAAAAAFrdXIAAltJTbpgJnbqsqUCAAB4cAAAAAEAAAABeA==`,
      'a key or value is an array of [I, not of bytes',
    ],
  ])('refuses %s and names the file', (_name, base64, message) => {
    expect(() => readJavaOffsetFile(fromJava(base64), 'the-file')).toThrow(message)
    expect(() => readJavaOffsetFile(fromJava(base64), 'the-file')).toThrow('the-file is not')
  })

  it('refuses a file that is cut off anywhere', () => {
    const whole = writeJavaOffsetFile([
      { key: Buffer.from('["a",{"filename":"x"}]'), value: Buffer.from('{"position":1}') },
      { key: Buffer.from('["a",{"filename":"y"}]'), value: null },
    ])
    for (let length = 1; length < whole.length; length++) {
      expect(isJavaOffsetFile(whole.subarray(0, length))).toBe(true)
      expect(() => readJavaOffsetFile(whole.subarray(0, length), 'the-file')).toThrow('the-file')
    }
  })

  it('refuses a damaged file or reads some map, and never fails in another way', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.integer({ min: 0, max: 255 }), (all, place, byte) => {
        const file = writeJavaOffsetFile(all)
        file[place % file.length] = byte
        try {
          readJavaOffsetFile(file, 'the-file')
        } catch (error) {
          expect((error as Error).name).toBe('ConnectException')
        }
      }),
      { numRuns: 500 },
    )
  })
})
