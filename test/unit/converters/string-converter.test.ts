import { describe, expect, it } from 'vitest'
import { StringConverter } from '../../../src/converters/string-converter.ts'

function converterFor(encoding: string): StringConverter {
  const converter = new StringConverter()
  converter.configure({ 'converter.encoding': encoding }, false)
  return converter
}

describe('StringConverter', () => {
  it.each([
    ['UTF-8', 'ü€😀', 'c3bce282acf09f9880'],
    ['latin1', 'ü€', 'fc3f'],
    ['US-ASCII', 'aü😀', '613f3f'],
    ['UTF-16LE', 'a', '6100'],
    ['UTF-16BE', 'a', '0061'],
    ['UTF-16', 'a', 'feff0061'],
    ['windows-1252', 'ü€', 'fc80'],
    ['Cp1251', 'Я', 'df'],
  ])('writes %s', (encoding, text, hex) => {
    expect(converterFor(encoding).fromConnectData('t', null, text)?.toString('hex')).toBe(hex)
  })

  it.each([
    ['UTF-16', 'fffe6100', 'a'],
    ['UTF-16', '0061', 'a'],
    ['US-ASCII', '61fc', 'a\ufffd'],
    ['KOI8-R', 'f1', 'Я'],
    ['UTF-8', '61ff', 'a\ufffd'],
  ])('reads %s', (encoding, hex, text) => {
    expect(converterFor(encoding).toConnectData('t', Buffer.from(hex, 'hex')).value).toBe(text)
  })

  it('names an encoding that it does not know', () => {
    expect(() => converterFor('nope')).toThrow('Unsupported encoding nope')
  })

  it('writes texts of any length after one another', () => {
    const converter = converterFor('UTF-8')
    for (const length of [1, 10_000, 400_000, 2]) {
      expect(converter.fromConnectData('t', null, 'é'.repeat(length))?.toString()).toBe('é'.repeat(length))
    }
  })

  it('gives each header bytes of its own', () => {
    const converter = converterFor('UTF-8')
    const first = converter.fromConnectHeader('t', 'h', null, 'first')
    converter.fromConnectHeader('t', 'h', null, 'other')
    expect(first?.toString()).toBe('first')
  })
})
