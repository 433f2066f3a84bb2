import { describe, expect, it } from 'vitest'
import { javaPattern } from '../../../../src/api/config/java-pattern.ts'

describe('javaPattern', () => {
  it.each([
    ['orders-.*', 'orders-1', true],
    ['orders', 'orders-1', false],
    ['(?i)ORDERS', 'orders', true],
    ['\\Qa.b\\E.*', 'a.bc', true],
    ['\\Qa.b\\E.*', 'axbc', false],
    ['\\p{Alnum}+', 'a1', true],
    ['[\\p{Lower}_]+', 'a_b', true],
    ['a++b', 'aab', true],
    ['[*+]+', '*+', true],
    ['\\Aab\\z', 'ab', true],
    ['a|ab', 'ab', true],
  ])('%s on %s gives %s', (pattern, text, matches) => {
    expect(javaPattern(pattern).test(text)).toBe(matches)
  })

  it.each([
    ['(', 'Unclosed group near index 1\n('],
    ['a[', 'Unclosed character class near index 1\na[\n ^'],
    ['*', "Dangling meta character '*' near index 0\n*\n^"],
  ])('explains %s as Java does', (pattern, message) => {
    expect(() => javaPattern(pattern)).toThrow(message)
  })
})
