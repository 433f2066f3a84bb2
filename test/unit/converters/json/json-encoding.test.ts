import { describe, expect, it } from 'vitest'
import { DataException } from '../../../../src/api/errors.ts'
import { JsonConverter } from '../../../../src/converters/json-converter.ts'

const converter = new JsonConverter()
converter.configure({ 'schemas.enable': 'false' }, false)

describe('bytes that may begin with a byte order mark', () => {
  it.each([
    ['UTF-8 with mark', 'efbbbf31', 1],
    ['UTF-16 with mark, big-endian', 'feff0031', 1],
    ['UTF-16 with mark, little-endian', 'fffe3100', 1],
    ['UTF-16 without mark, big-endian', '0031', 1],
    ['UTF-16 without mark, little-endian', '3100', 1],
    ['UTF-32 with mark, big-endian', '0000feff00000031', 1],
  ])('%s are read', (_, hex, value) => {
    expect(converter.toConnectData('t', Buffer.from(hex, 'hex')).value).toBe(value)
  })

  it.each(['efbbbf', 'feff', 'fffe', 'feff00'])('%s alone is no JSON, as for Jackson', (hex) => {
    expect(() => converter.toConnectData('t', Buffer.from(hex, 'hex'))).toThrow(DataException)
  })
})

describe('numbers at the limits of a BigDecimal', () => {
  it.each(['1e2147483647', '-1e2147483647', '1.5e-2147483646', `${'0'.repeat(1000)}1`])('%.30s is read', (text) => {
    expect(() => converter.toConnectData('t', Buffer.from(text)).value).not.toThrow()
  })

  it.each(['1e2147483648', '1.5e-2147483647', '1'.repeat(1001)])('%.30s is refused', (text) => {
    expect(() => converter.toConnectData('t', Buffer.from(text))).toThrow(DataException)
  })
})
