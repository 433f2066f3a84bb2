import { describe, expect, it } from 'vitest'
import { arrayForm, ArrayText } from '../../../../../../connectors/jdbc/source/value/array-form.ts'

describe('arrays of the server', () => {
  it.for([
    ['{1,NULL,3}', ['1', null, '3']],
    ['{}', []],
    ['{"a b","c\\"d","e\\\\f","NULL",""}', ['a b', 'c"d', 'e\\f', 'NULL', '']],
    ['[2:3]={a,b}', ['a', 'b']],
    ['{"a,}{b"}', ['a,}{b']],
  ] as const)('T31: %s', ([text, want]) => expect(new ArrayText(text, 1).read()).toEqual(want))

  it('has optional elements, read as those of a column', () => {
    const form = arrayForm({ schema: { type: 'INT32' }, read: Number }, 1)
    expect(form.read('{1,NULL}')).toEqual([1, null])
    expect([form.schema.valueSchema?.type, form.schema.valueSchema?.optional]).toEqual(['INT32', true])
  })

  it('of two dimensions is nested where the column was declared with two', () => {
    const form = arrayForm({ schema: { type: 'INT32' }, read: Number }, 2)
    expect(form.read('{{1,NULL},{3,4}}')).toEqual([
      [1, null],
      [3, 4],
    ])
    expect([form.schema.valueSchema?.type, form.schema.valueSchema?.valueSchema?.type]).toEqual(['ARRAY', 'INT32'])
    expect(form.read('{}')).toEqual([])
  })

  it.for([
    ['{{1},{2}}', 1],
    ['{1,2}', 2],
    ['{{{1}}}', 2],
  ] as const)('%s is refused by a column of dimensions %i', ([text, dimensions]) => {
    expect(() => new ArrayText(text, dimensions).read()).toThrow('has other dimensions than its column')
  })
})
