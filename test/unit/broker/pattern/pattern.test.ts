import { describe, expect, it } from 'vitest'
import { Pattern } from '../../../../src/broker/pattern/pattern.ts'
import { PatternSyntaxError } from '../../../../src/broker/pattern/syntax-tree.ts'

/** Patterns with texts that they match, and others that they do not: as RE2/J 1.8 says, which Apache Kafka 4.3.1 asks. */
const cases: readonly (readonly [pattern: string, matching: readonly string[], other: readonly string[]])[] = [
  ['pay', ['pay'], ['pa', 'payx', 'xpay', '']],
  ['', [''], ['a', '\n']],
  ['a|bc|', ['a', 'bc', ''], ['abc', 'b']],
  ['a*b+c?', ['b', 'aabb', 'abc'], ['', 'ac', 'abcc']],
  ['a*?b+?c??', ['b', 'aabb', 'abc'], ['', 'ac']],
  ['(?:ab){2,3}', ['abab', 'ababab'], ['ab', 'abababab']],
  ['a{2}b{0}c{1,}', ['aac', 'aaccc'], ['aa', 'aabc']],
  ['a{,2}', ['a{,2}'], ['', 'a', 'aa']],
  ['.', ['a', 'é', '😀'], ['\n', 'ab', '']],
  ['(?s).', ['\n'], ['']],
  ['(?i)straße-K', ['STRAßE-k', 'straẞe-\u212a'], ['strasse-k']],
  ['(?i:a)b(?-i)c', ['Abc', 'abc'], ['aBc', 'abC']],
  ['a(?i)b|c', ['ab', 'aB', 'C'], ['Ab']],
  ['[a-c_]', ['b', '_'], ['-', 'd']],
  ['[^a]', ['b', '\n', '😀'], ['a', '']],
  ['[]a-]+', [']a-'], ['b']],
  ['[[:alpha:]]', ['a', 'Z'], ['é', '1']],
  ['[[:^digit:]7]', ['a', '7'], ['6']],
  ['[\\d\\-\\]]+', ['1-]'], ['\\']],
  ['\\d\\D\\w\\W\\s', ['1a_- '], ['١a_- ', '1a_-\v']],
  ['\\pL\\p{Lu}\\P{Greek}\\p{^Nd}', ['éÉaa'], ['éÉαa', 'éÉa1']],
  ['\\p{Greek}+', ['αΩ'], ['a']],
  ['\\x41\\x{1f600}\\101\\07\\n', ['A😀A\u0007\n'], ['']],
  ['\\.\\_\\-\\/', ['._-/'], ['a_-/']],
  ['\\Qa.b\\E+', ['a.b', 'a.bb'], ['aab']],
  ['\\Q(', ['('], ['']],
  ['^a$', ['a'], ['a\n', 'b']],
  ['a$\nb', [], ['a\nb']],
  ['(?m)a$\n^b', ['a\nb'], ['ab']],
  ['\\Aa\\b.\\Bb*\\z', ['a-'], ['ab']],
  ['(?P<x>a)(?<y>b)', ['ab'], ['a']],
  ['(?U)a+', ['aaa'], ['']],
]

describe('a pattern', () => {
  it.each(cases)('%j is for whole texts as RE2 has it', (text, matching, other) => {
    const pattern = new Pattern(text)
    expect(matching.filter((each) => !pattern.matches(each))).toEqual([])
    expect(other.filter((each) => pattern.matches(each))).toEqual([])
  })

  it.each([
    ['(', 'missing closing )'],
    ['a)', 'unexpected )'],
    ['*', 'missing argument to repetition operator'],
    ['a|{2}', 'missing argument to repetition operator'],
    ['a**', 'invalid nested repetition operator'],
    ['a{1001}', 'invalid repeat count'],
    ['a{3,2}', 'invalid repeat count'],
    ['[a', 'missing closing ]'],
    ['[z-a]', 'invalid character class range'],
    ['[[:foo:]]', 'invalid character class range'],
    ['\\p{Foo}', 'invalid character class range'],
    ['\\pX', 'invalid character class range'],
    ['(a)\\1', 'invalid escape sequence'],
    ['\\q', 'invalid escape sequence'],
    ['\\x{110000}', 'invalid escape sequence'],
    ['a\\', 'trailing backslash at end of expression'],
    ['(?=a)', 'invalid or unsupported Perl syntax'],
    ['(?<!a)', 'invalid or unsupported Perl syntax'],
    ['(?i', 'invalid or unsupported Perl syntax'],
    ['(?P<n>a)(?P<n>b)', 'duplicate capture group name'],
    ['(?P<é>a)', 'invalid named capture'],
    ['((a{50}){50}){50}', 'expression too large'],
    ['(((a{0}){999}){999}){999}', 'expression too large'],
    ['('.repeat(20_000), 'expression nests too deeply'],
  ])('%j is none', (text, why) => {
    expect(() => new Pattern(text)).toThrow(PatternSyntaxError)
    expect(() => new Pattern(text)).toThrow(why)
  })

  it.each(['(a*)*b', '((a|aa)+)+b', '(a?){300}a{300}b', '(.*)(.*)(.*)(.*)(.*)[^a]'])(
    '%j of which others never come back is soon done',
    (text) => {
      const pattern = new Pattern(text)
      expect(pattern.matches('a'.repeat(600))).toBe(false)
      expect(pattern.workFor(600)).toBeLessThan(5000 * 601)
    },
  )
})
