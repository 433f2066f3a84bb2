import { describe, expect, it } from 'vitest'
import { hstoreForm, hstoreMap } from '../../../../../../connectors/jdbc/source/value/hstore-form.ts'

describe('hstore', () => {
  it.for([
    ['', []],
    [
      '"a"=>"1", "b"=>NULL',
      [
        ['a', '1'],
        ['b', null],
      ],
    ],
    [String.raw`"a\"b"=>"c\\d, \"e\"=>"`, [['a"b', 'c\\d, "e"=>']]],
    ['"__proto__"=>"NULL"', [['__proto__', 'NULL']]],
  ] as const)('%s is a map', ([text, pairs]) => expect([...hstoreMap(text)]).toEqual(pairs))

  it('is JSON, a map, or of no type of Connect’s', () => {
    expect(hstoreForm('json')?.read('"a"=>"1", "__proto__"=>NULL')).toBe('{"a":"1","__proto__":null}')
    expect(hstoreForm('map')?.schema).toMatchObject({
      type: 'MAP',
      keySchema: { type: 'STRING', optional: false },
      valueSchema: { optional: true },
    })
    expect(hstoreForm('none')).toBeNull()
  })

  it('that is none is refused', () => {
    expect(() => hstoreMap('a=>1')).toThrow('The hstore a=>1 cannot be read')
  })
})
