import { describe, expect, it } from 'vitest'
import { idPattern } from '../../../../src/broker/transaction/id-pattern.ts'

/** Patterns with ids that they match, and others that they do not: as RE2/J 1.8 says, which Apache Kafka 4.3.1 asks. */
const cases: readonly (readonly [pattern: string, matching: readonly string[], other: readonly string[]])[] = [
  ['pay', ['pay'], ['pa', 'payx', 'xpay', '']],
  ['a|bc|', ['a', 'bc', ''], ['abc', 'b']],
  ['(?:ab){2,3}', ['abab', 'ababab'], ['ab', 'abababab']],
  ['.', ['a', 'é', '😀'], ['\n', 'ab', '']],
  ['(?i:a)b(?-i)c', ['Abc', 'abc'], ['aBc', 'abC']],
  ['[[:alpha:]]', ['a', 'Z'], ['é', '1']],
  ['\\pL\\p{Lu}\\P{Greek}\\p{^Nd}', ['éÉaa'], ['éÉαa', 'éÉa1']],
  ['\\Qa.b\\E+', ['a.b', 'a.bb'], ['aab']],
  ['^a$', ['a'], ['a\n', 'b']],
]

describe('the pattern of a transactional id', () => {
  it.each(cases)('%j is for whole ids as RE2 has it', async (text, matching, other) => {
    const isNamed = (await idPattern(text))!
    expect(matching.filter((id) => !isNamed(id))).toEqual([])
    expect(other.filter(isNamed)).toEqual([])
  })

  it.each(['(', '*', 'a**', 'a{1001}', '[z-a]', '\\pX', '(a)\\1', 'a\\', '(?=a)', '(?i', '((a{50}){50}){50}', '('.repeat(20_000)])(
    '%j is none',
    async (text) => {
      expect(await idPattern(text)).toBeNull()
    },
  )

  it.each(['(a*)*b', '((a|aa)+)+b', '(a?){300}a{300}b', '(.*)(.*)(.*)(.*)(.*)[^a]'])(
    '%j, from which a JavaScript expression never comes back, ends',
    async (text) => {
      const isNamed = (await idPattern(text))!
      expect(isNamed('a'.repeat(600))).toBe(false)
    },
  )
})
