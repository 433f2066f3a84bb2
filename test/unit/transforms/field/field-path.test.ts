import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFieldPath } from '../../../../src/transforms/field/field-path.ts'

describe('a field path', () => {
  it('is one name in V1, dots and backticks included', () => {
    expect(parseFieldPath('a.`b`', 'V1')).toEqual(['a.`b`'])
    expect(parseFieldPath('', 'V1')).toEqual([''])
  })

  it.each([
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    ['`a.b`', ['a.b']],
    ['`a.b`.c', ['a.b', 'c']],
    ['a.`b.c`.d', ['a', 'b.c', 'd']],
    ['a`b.c`', ['a`b', 'c`']],
    ['`a`b`.c', ['a`b', 'c']],
    ['`a\\`.b`', ['a`.b']],
    ['.', ['', '']],
    ['a.', ['a', '']],
    ['`a`.', ['a', '']],
    ['``', ['']],
  ])('%s of V2 has the steps %j', (text, steps) => {
    expect(parseFieldPath(text, 'V2')).toEqual(steps)
  })

  it.each(['`a', '`a.b', '`', '`a\\`', 'a.`b'])('%s of V2 is refused: its backtick is not closed', (text) => {
    expect(() => parseFieldPath(text, 'V2')).toThrow(
      `Incomplete backtick pair in path: [${text}], consider adding a backslash before backtick`,
    )
  })

  it('needs a name in V2', () => {
    expect(() => parseFieldPath('', 'V2')).toThrow('A field path needs at least one name')
  })

  it('reads back any names that are quoted', () => {
    const name = fc.string().filter((text) => !text.includes('`') && !text.endsWith('\\'))
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        const text = names.map((each) => `\`${each}\``).join('.')
        expect(parseFieldPath(text, 'V2')).toEqual(names)
      }),
    )
  })
})
