import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SourceRecord } from '../../../src/api/source.ts'
import { ReplaceFieldValue } from '../../../src/transforms/replace-field.ts'

it('takes each object by its own names, whatever the one before it had', () => {
  const transformation = new ReplaceFieldValue()
  transformation.configure({ exclude: 'a', renames: 'b:B' })
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', '"] + x', "'\n\u2028", '__proto__'))
  const objectsSeen = new Set<string>()
  fc.assert(
    fc.property(fc.array(names, { minLength: 2 }), (objects) => {
      for (const fields of objects) {
        const value = Object.fromEntries(fields.map((name, index) => [name, index]))
        const record = new SourceRecord({ sourcePartition: {}, sourceOffset: {}, topic: 't', value })
        const kept = fields.flatMap((name, index) => (name === 'a' ? [] : [[name === 'b' ? 'B' : name, index]]))
        expect(Object.entries(transformation.apply(record).value as object)).toEqual(kept)
        objectsSeen.add(fields.join())
      }
    }),
  )
  expect(objectsSeen.size).toBeGreaterThan(64)
})
