import { ConfigDef } from '../api/config/config-def.ts'
import { validList } from '../api/config/validators.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { ConnectStruct } from '../api/data/connect-value.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Schema } from '../api/data/schema.ts'
import { DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { changeFields, type StructChange } from './side-change.ts'
import { notConfigured, type Change } from './side-transformation.ts'
import { compileStructCopy, copiedField } from './struct-copy.ts'

const config = new ConfigDef({
  fields: {
    type: 'list',
    validator: validList({ allowEmpty: false }),
    importance: 'high',
    doc: 'Fields of the value that make the new key, in this order.',
  },
  ...replaceNullWithDefault,
})

/** Makes a key of fields of the value. Apache Kafka 4.3, ValueToKey. */
export class ValueToKey implements Transformation {
  #keyOf: Change = notConfigured

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    this.#keyOf = compile(props)
  }

  apply<R extends ConnectRecord>(record: R): R {
    const keyData: SchemaAndValue = this.#keyOf(record.valueData, record)
    return record.newRecord({ keyData })
  }
}

function compile(props: Props): Change {
  const { fields, 'replace.null.with.default': replacesNull } = config.parse(props)
  return changeFields({
    purpose: 'copying fields from value to key',
    map: (map) => keyMap(map, fields),
    struct: (schema) => compileKeyStruct(schema, fields, replacesNull),
  })
}

function keyMap(map: ConnectStruct, names: readonly string[]): ConnectStruct {
  const key: NewFields = {}
  for (const name of names) setField(key, name, fieldOf(map, name))
  return key
}

function compileKeyStruct(schema: Schema, names: readonly string[], replacesNull: boolean): StructChange {
  const builder = SchemaBuilder.struct()
  const fields = names.map((name) => {
    const field = schema.field(name)
    if (field === null) throw new DataException(`Field does not exist: ${name}`)
    builder.field(name, field.schema)
    return copiedField(field, replacesNull)
  })
  return { schema: builder.build(), change: compileStructCopy(schema, fields) }
}
