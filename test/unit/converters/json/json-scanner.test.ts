import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Double } from '../../../../src/api/data/double.ts'
import { JsonParseException } from '../../../../src/converters/json/json-parse-exception.ts'
import { JsonReader } from '../../../../src/converters/json/json-reader.ts'
import { JsonScanner } from '../../../../src/converters/json/json-scanner.ts'

const scanner = new JsonScanner()

function scan(bytes: Buffer): number {
  scanner.reset(bytes)
  return scanner.value(0)
}

function isAccepted(bytes: Buffer): boolean {
  try {
    scan(bytes)
    return true
  } catch (error) {
    if (error instanceof JsonParseException) return false
    throw error
  }
}

/** Texts near to JSON: a valid one with a few bytes changed. */
const nearJson = fc.tuple(fc.json(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })).map(([text, changes]) => {
  const bytes = Buffer.from(text)
  for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
  return bytes
})

const numberText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.stringMatching(/^(0|[1-9]\d{0,20})$/),
    fc.constantFrom('', '.0', '.5', '.123456789012345678', '.99999999999999999'),
    fc.constantFrom('', 'e3', 'E-2', 'e+20'),
  )
  .map((parts) => parts.join(''))

describe('the JSON scanner', () => {
  it('accepts what JSON.parse accepts, to the last byte', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\n\t'), (text, space) => {
        const bytes = Buffer.from(space + text)
        expect(scan(bytes)).toBe(bytes.length)
      }),
    )
  })

  it('never rejects well-formed UTF-8 that JSON.parse accepts, whatever is done to the text', () => {
    fc.assert(
      fc.property(nearJson, (bytes) => {
        const text = bytes.toString('utf8')
        const isParsed = text.isWellFormed() && Buffer.from(text).equals(bytes) && parses(text)
        const mayOverflow = /[eE][+-]?\d{10}/.test(text) // Infinity for JSON.parse, refused by Jackson
        if (isParsed && !mayOverflow) expect(isAccepted(bytes)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('accepts nothing that the lossless parser cannot read', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nearJson,
          fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          if (!isAccepted(bytes)) return
          JsonReader.value(bytes, 0, scanner.isWellFormed)
          JsonReader.node(bytes, 0, scanner.isWellFormed)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('calls a text exact only where JSON.parse and the lossless parser agree', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          numberText,
          fc.array(numberText).map((list) => `[${list.join(',')}]`),
        ),
        (text) => {
          const bytes = Buffer.from(text)
          scan(bytes)
          const value = JsonReader.value(bytes, 0, true)
          if (scanner.isExact) expect(value).toEqual(JSON.parse(text))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['1.0', new Double(1)],
    ['1e3', new Double(1000)],
    ['-0', 0],
    ['-0.0', new Double(0)],
    ['0.99999999999999999', new Double(1)],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775808', -9223372036854775808n],
    ['007', 7],
    ['1e400', Infinity],
    ['0.5', 0.5],
    ['1e-7', 1e-7],
    ['1e21', new Double(1e21)],
  ])('reads the number %s as Java would', (text, want) => {
    const bytes = Buffer.from(text)
    scan(bytes)
    expect(JsonReader.value(bytes, 0, true)).toEqual(want)
  })

  it('keeps members named __proto__ as data', () => {
    const bytes = Buffer.from('{"__proto__":{"a":1.0},"b":2}')
    scan(bytes)
    const value = JsonReader.value(bytes, 0, true) as object
    expect(Object.keys(value)).toEqual(['__proto__', 'b'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })

  it('reads overlong forms and surrogates written as UTF-8, and says that they are not standard', () => {
    const bytes = Buffer.from([0x22, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x5c, 0x6e, 0x22])
    scan(bytes)
    expect([scanner.isExact, scanner.isStandard, scanner.isWellFormed]).toEqual([false, false, false])
    expect(JsonReader.value(bytes, 0, false)).toBe('\u0000\ud800\n')
  })

  it('allows a thousand levels and no more', () => {
    expect(isAccepted(Buffer.from('['.repeat(1000) + ']'.repeat(1000)))).toBe(true)
    expect(isAccepted(Buffer.from('['.repeat(1001) + ']'.repeat(1001)))).toBe(false)
  })

  it('says what is wrong, where, and shows it', () => {
    expect(() => scan(Buffer.from('{"name":"x","age":tru}'))).toThrow(
      'Unexpected character, expected true, at byte 21 of 22: …"name":"x","age":tru⟨here⟩}',
    )
    expect(() => scan(Buffer.from('{"a":1'))).toThrow("Unexpected end of input, expected ',' or '}', at byte 6 of 6")
  })

  it.each([
    '[1,]',
    '{"a":1,}',
    '{,}',
    '[,1]',
    '{a:1}',
    "{'a':1}",
    '1x',
    '-',
    '1.',
    '.5',
    '+1',
    '1e',
    'truex',
    'nul',
    '"a\nb"',
    '"\\x"',
    '"\\u12G4"',
    '[1 2]',
    '{"a" 1}',
  ])('rejects %s', (text) => {
    expect(isAccepted(Buffer.from(text))).toBe(false)
  })
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
