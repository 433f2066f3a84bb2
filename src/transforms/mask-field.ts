import { ConfigDef } from '../api/config/config-def.ts'
import { nonEmptyString, validList } from '../api/config/validators.ts'
import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'
import { Decimal } from '../api/data/decimal.ts'
import { Double } from '../api/data/double.ts'
import type { Schema } from '../api/data/schema.ts'
import { Values } from '../api/data/values.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { javaClassOf } from './requirements.ts'
import { changeFields, type StructChange } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { compileStructCopy, copiedField } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'

const config = new ConfigDef({
  fields: { type: 'list', validator: validList({ allowEmpty: false }), importance: 'high', doc: 'Names of the fields to mask.' },
  replacement: {
    type: 'string',
    default: null,
    validator: nonEmptyString,
    importance: 'low',
    doc: 'What to put into all of the fields, which must be numbers or strings then. Absent: the null value of the type, such as 0 or an empty string.',
  },
  ...replaceNullWithDefault,
})

/** Masks fields of the key. Apache Kafka 4.3, MaskField. */
export class MaskFieldKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Masks fields of the value. */
export class MaskFieldValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

/** What stands in place of a value that is not null. */
type Mask = (value: ConnectValue, schema: Schema | null) => ConnectValue

function compile(props: Props): Change {
  const { fields, replacement, 'replace.null.with.default': replacesNull } = config.parse(props)
  const names = new Set(fields)
  const mask: Mask = replacement === null ? nullValue : (value, schema) => replaced(value, schema, replacement)
  return changeFields({
    purpose: 'mask fields',
    map: (map) => maskedMap(map, fields, mask),
    struct: (schema) => compileStruct(schema, names, mask, replacesNull),
  })
}

/** A field that is not there is there afterwards, as null. */
function maskedMap(map: ConnectStruct, names: readonly string[], mask: Mask): ConnectStruct {
  const masked: NewFields = { ...map }
  for (const name of names) {
    const value = fieldOf(map, name)
    setField(masked, name, value === null ? null : mask(value, null))
  }
  return masked
}

function compileStruct(schema: Schema, names: ReadonlySet<string>, mask: Mask, replacesNull: boolean): StructChange {
  const fields = schema.fields.map((field) => {
    const convert = names.has(field.name) ? (value: ConnectValue) => mask(value, field.schema) : null
    return { ...copiedField(field, replacesNull), convert }
  })
  return { schema, change: compileStructCopy(schema, fields) }
}

/** The emptiest value of the same class. A decimal loses its scale, as in Java. */
function nullValue(value: ConnectValue, schema: Schema | null): ConnectValue {
  switch (typeof value) {
    case 'boolean':
      return false
    case 'string':
      return ''
    case 'bigint':
      return schema === null ? 0 : 0n
    case 'number':
      return isDouble(value, schema) ? new Double(0) : 0
    default:
      return nullObject(value, schema)
  }
}

function nullObject(value: ConnectValue, schema: Schema | null): ConnectValue {
  if (value instanceof Double) return new Double(0)
  if (value instanceof Decimal) return new Decimal(0n, 0)
  if (value instanceof Date) return new Date(0)
  if (Array.isArray(value)) return []
  if (value instanceof Map) return new Map()
  if (schema?.type === 'STRUCT' || Buffer.isBuffer(value)) {
    throw new DataException(`Cannot mask value of type: ${javaClassOf(value, schema)}`)
  }
  return {}
}

function replaced(value: ConnectValue, schema: Schema | null, replacement: string): ConnectValue {
  if (typeof value === 'string') return replacement
  if (value instanceof Decimal) return decimalOf(replacement)
  if (value instanceof Double) return schemalessDouble(replacement)
  if (typeof value === 'number' || typeof value === 'bigint') return numberOf(value, schema, replacement)
  throw new DataException(`Cannot mask value of type ${javaClassOf(value, schema)} with custom replacement.`)
}

function numberOf(value: number | bigint, schema: Schema | null, replacement: string): ConnectValue {
  switch (schema?.type) {
    case 'INT8':
      return Values.convertToByte(null, replacement)
    case 'INT16':
      return Values.convertToShort(null, replacement)
    case 'INT32':
      return Values.convertToInteger(null, replacement)
    case 'INT64':
      return Values.convertToLong(null, replacement)
    case 'FLOAT32':
      return Values.convertToFloat(null, replacement)
    case 'FLOAT64':
      return Values.convertToDouble(null, replacement)
    default:
      return isDouble(value, null) ? schemalessDouble(replacement) : schemalessLong(replacement)
  }
}

/** A schemaless number with a fraction is a double in Java, and one without is a long. */
function isDouble(value: number | bigint, schema: Schema | null): boolean {
  return schema === null && typeof value === 'number' && !Number.isSafeInteger(value)
}

function schemalessDouble(text: string): ConnectValue {
  const double = Values.convertToDouble(null, text)
  return Number.isInteger(double) ? new Double(double) : double
}

function schemalessLong(text: string): ConnectValue {
  const long = Values.convertToLong(null, text)
  return Number.isSafeInteger(Number(long)) ? Number(long) : long
}

function decimalOf(text: string): Decimal {
  const decimal = Decimal.parse(text)
  if (decimal === null) throw new DataException(`Unable to convert ${text} (class java.lang.String) to number`)
  return decimal
}
