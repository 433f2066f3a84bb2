import { describe, expect, it } from 'vitest'
import { Decimal } from '../../../../src/api/data/decimal.ts'
import { DATE_SCHEMA, DateLogical, DecimalLogical, TIME_SCHEMA, TimeLogical } from '../../../../src/api/data/logical.ts'
import { SchemaBuilder } from '../../../../src/api/data/schema-builder.ts'
import { INT32_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA } from '../../../../src/api/data/schema.ts'
import { schemasEqual } from '../../../../src/api/data/schemas-equal.ts'
import { structField, validateStruct, validateValue } from '../../../../src/api/data/struct.ts'
import { SchemaBuilderException } from '../../../../src/api/errors.ts'

describe('SchemaBuilder', () => {
  it.each([
    [() => SchemaBuilder.int32().name('x').name('y'), 'Invalid SchemaBuilder call: name has already been set.'],
    [() => SchemaBuilder.int32().required().optional(), 'Invalid SchemaBuilder call: optional has already been set.'],
    [() => SchemaBuilder.int32().defaultValue(3).defaultValue(4), 'Invalid SchemaBuilder call: default has already been set.'],
    [() => SchemaBuilder.int32().field('x', INT32_SCHEMA), 'Cannot create fields on type INT32'],
    [() => SchemaBuilder.struct().field('', INT32_SCHEMA), 'fieldName cannot be null.'],
    [() => SchemaBuilder.struct().field('x', null), 'fieldSchema for field x cannot be null.'],
    [
      () => SchemaBuilder.struct().field('x', INT32_SCHEMA).field('x', INT32_SCHEMA),
      'Cannot create field because of field name duplication x',
    ],
    [() => SchemaBuilder.array(null), 'valueSchema cannot be null.'],
    [() => SchemaBuilder.map(null, null), 'keySchema cannot be null.'],
    [() => SchemaBuilder.int32().defaultValue('x'), 'Invalid default value'],
    [() => SchemaBuilder.int32().defaultValue(null), 'Invalid default value'],
  ])('refuses what does not fit: %s', (build, message) => {
    expect(build).toThrow(new SchemaBuilderException(message))
  })

  it('builds equal schemas from equal parts, and tells every difference', () => {
    const build = () => SchemaBuilder.struct().name('n').version(1).doc('d').parameter('p', 'q').field('a', DecimalLogical.schema(2))
    expect(schemasEqual(build().build(), build().build())).toBe(true)
    expect(schemasEqual(build().build(), build().optional().build())).toBe(false)
    expect(schemasEqual(build().build(), build().parameter('p', 'r').build())).toBe(false)
    expect(schemasEqual(build().build(), build().field('b', STRING_SCHEMA).build())).toBe(false)
    expect(schemasEqual(DecimalLogical.schema(2), DecimalLogical.builder(2).defaultValue(new Decimal(1n, 2)).build())).toBe(false)
  })
})

describe('values against schemas', () => {
  const schema = SchemaBuilder.struct()
    .field('a', INT32_SCHEMA)
    .field('b', SchemaBuilder.int32().defaultValue(3).build())
    .field('c', OPTIONAL_STRING_SCHEMA)
    .build()

  it('substitutes defaults when a field is read', () => {
    expect(structField(schema, { a: 1 }, 'b')).toBe(3)
    expect(structField(schema, { a: 1 }, 'c')).toBeNull()
    expect(() => structField(schema, {}, 'zz')).toThrow('zz is not a valid field name')
  })

  it('lets a field with a default be unset, but not a required one', () => {
    expect(() => validateStruct(schema, { a: 1 })).not.toThrow()
    expect(() => validateStruct(schema, {})).toThrow('Invalid value: null used for required field: "a", schema type: INT32')
  })

  it.each([
    [
      SchemaBuilder.array(INT32_SCHEMA).build(),
      [1, 'x'],
      'Invalid Java object for schema with type INT32: class java.lang.String for element of array value',
    ],
    [
      SchemaBuilder.map(INT32_SCHEMA, INT32_SCHEMA).build(),
      new Map([[1, 'x']]),
      'Invalid Java object for schema with type INT32: class java.lang.String for value of map value',
    ],
    [
      DecimalLogical.schema(2),
      Buffer.of(1),
      'Invalid Java object for schema "org.apache.kafka.connect.data.Decimal" with type BYTES: class [B for value',
    ],
    [INT32_SCHEMA, 2 ** 31, 'Invalid Java object for schema with type INT32: class java.lang.Long for value'],
  ])('says what does not fit and where (%#)', (valueSchema, value, message) => {
    expect(() => validateValue(valueSchema, value)).toThrow(message)
  })
})

describe('logical types', () => {
  it.each([0n, 1n, -1n, 127n, 128n, -128n, -129n, 255n, 2n ** 63n, -(2n ** 100n)])(
    'carries the decimal %s through its bytes',
    (unscaled) => {
      const schema = DecimalLogical.schema(3)
      expect(DecimalLogical.toLogical(schema, DecimalLogical.fromLogical(schema, new Decimal(unscaled, 3))).unscaled).toBe(unscaled)
    },
  )

  it('refuses times in dates, dates in times, and other scales', () => {
    expect(() => DateLogical.fromLogical(DATE_SCHEMA, new Date(1))).toThrow(
      'Kafka Connect Date type should not have any time fields set to non-zero values.',
    )
    expect(() => TimeLogical.fromLogical(TIME_SCHEMA, new Date(-1))).toThrow(
      'Kafka Connect Time type should not have any date fields set to non-zero values.',
    )
    expect(() => DecimalLogical.fromLogical(DecimalLogical.schema(2), new Decimal(1n, 0))).toThrow('Schema has scale 2, value has scale 0.')
  })
})
