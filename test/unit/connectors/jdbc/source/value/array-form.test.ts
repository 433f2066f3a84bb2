import { describe, expect, it } from 'vitest'
import { arrayElements, arrayForm } from '../../../../../../connectors/jdbc/source/value/array-form.ts'

describe('arrays of the server', () => {
  it.for([
    ['{1,NULL,3}', ['1', null, '3']],
    ['{}', []],
    ['{"a b","c\\"d","e\\\\f","NULL",""}', ['a b', 'c"d', 'e\\f', 'NULL', '']],
    ['[2:3]={a,b}', ['a', 'b']],
    ['{"a,}{b"}', ['a,}{b']],
  ] as const)('T31: %s', ([text, want]) => expect(arrayElements(text)).toEqual(want))

  it('has optional elements, read as those of a column', () => {
    const form = arrayForm({ schema: { type: 'INT32' }, read: Number })
    expect(form.read('{1,NULL}')).toEqual([1, null])
    expect([form.schema.valueSchema?.type, form.schema.valueSchema?.optional]).toEqual(['INT32', true])
  })

  it('of two dimensions is refused', () => {
    expect(() => arrayElements('{{1},{2}}')).toThrow('more than one dimension')
  })
})
