import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { ConnectSchema, type Schema, type SchemaType } from '../../src/api/data/schema.ts'
import { compileCast, type CastType } from '../../src/transforms/cast-value.ts'
import { comparable, decodeValue, type TaggedValue } from '../support/compat-data.ts'

type Case = readonly [type: string, scale: string | null, value: TaggedValue, to: string, want: TaggedValue]

const { cases } = JSON.parse(readFileSync(new URL('cast.json', import.meta.url), 'utf8')) as { cases: readonly Case[] }

const logicalTypes: Readonly<Record<string, SchemaType>> = { Date: 'INT32', Time: 'INT32', Timestamp: 'INT64', Decimal: 'BYTES' }

function schemaOf(type: string, scale: string | null): Schema {
  const logical = logicalTypes[type]
  if (logical === undefined) return new ConnectSchema({ type: type.toUpperCase() as SchemaType })
  const parameters = scale === null ? null : new Map([['scale', scale]])
  return new ConnectSchema({ type: logical, name: `org.apache.kafka.connect.data.${type}`, version: 1, parameters })
}

describe('values are cast as in Java', () => {
  let passed = 0
  afterAll(() => {
    console.log(`compat cast: ${String(passed)} of ${String(cases.length)}`)
  })

  it.each(cases.map((recorded, index) => [`${String(index)}: ${recorded[0]} ${JSON.stringify(recorded[2])} to ${recorded[3]}`, recorded] as const))(
    '%s',
    (_name, [type, scale, tagged, to, want]) => {
      const schema = schemaOf(type, scale)
      const cast = () => compileCast(schema, to.toUpperCase() as CastType)(decodeValue(tagged, schema))
      if (isError(want)) expect(cast).toThrow(want.$error)
      else {
        const wanted = new ConnectSchema({ type: to.toUpperCase() as SchemaType })
        expect(comparable(cast(), wanted)).toEqual(comparable(decodeValue(want, wanted), wanted))
      }
      passed++
    },
  )
})

function isError(want: TaggedValue): want is { readonly $error: string } {
  return typeof want === 'object' && want !== null && '$error' in want
}
