import { describe, expect, it } from 'vitest'
import { parseJavaDouble } from '../../../src/transforms/java-number.ts'

describe('parseJavaDouble', () => {
  it.each([
    ['7', 7],
    ['007.50', 7.5],
    ['1.', 1],
    ['.5', 0.5],
    [' 1.5 ', 1.5],
    ['+1.5e3f', 1500],
    ['-0', -0],
    ['-Infinity', -Infinity],
    ['0x1p3', 8],
    ['123456789012345678901234567890', 1.2345678901234568e29],
  ])('reads %j', (text, value) => expect(parseJavaDouble(text)).toBe(value))

  it.each(['', '.', '1.2.3', '1 2', '1,5', '0x1', '٣', 'e5'])('finds no number in %j', (text) => expect(parseJavaDouble(text)).toBeNull())
})
