import {
  ConnectException,
  ConnectSchema,
  TextStruct,
  valueOfText,
  type ConnectStruct,
  type ConnectValue,
  type Field,
  type FieldTexts,
  type SchemaAndValue,
} from 'standpipe/api'

/** Where keys of one value schema come from. */
interface KeyPlan {
  readonly of: SchemaAndValue['schema']
  readonly schema: ConnectSchema
  /** Fields of the value. */
  readonly fields: readonly Field[]
}

/** Makes keys of records from fields of their values. */
export class RecordKeys {
  readonly #columns: readonly string[]
  readonly #isPrimitive: boolean
  #plan: KeyPlan | null = null

  /** @param isPrimitive the key is the value of the one column */
  constructor(columns: readonly string[], isPrimitive: boolean) {
    this.#columns = columns
    this.#isPrimitive = isPrimitive && columns.length === 1
  }

  /** @throws ConnectException for a column that the values do not have */
  of(data: SchemaAndValue): SchemaAndValue {
    if (this.#plan?.of !== data.schema) this.#plan = this.#newPlan(data.schema)
    const { schema, fields } = this.#plan
    const [only] = fields
    if (this.#isPrimitive && only !== undefined) return { schema: only.schema, value: fieldValue(data, only) }
    if (data.fieldTexts === undefined || data.fieldTexts === null) return { schema, value: keyStruct(data.value as ConnectStruct, fields) }
    return new TextStruct(schema, keyTexts(data.fieldTexts, fields))
  }

  #newPlan(value: SchemaAndValue['schema']): KeyPlan {
    const fields = this.#columns.map((name) => {
      const field = value?.field(name) ?? null
      if (field !== null) return field
      throw new ConnectException(`key.columns names ${name}, which ${value?.name ?? 'the query'} does not have as a field.`)
    })
    const keyFields = fields.map((field, index) => ({ ...field, index }))
    return { of: value, fields, schema: new ConnectSchema({ type: 'STRUCT', name: value?.name ?? null, fields: keyFields }) }
  }
}

function keyTexts(texts: FieldTexts, fields: readonly Field[]): FieldTexts {
  return fields.map(({ index }) => texts[index] ?? null)
}

function keyStruct(value: ConnectStruct, fields: readonly Field[]): ConnectStruct {
  const key: Record<string, ConnectValue> = {}
  for (const { name } of fields) key[name] = value[name] ?? null
  return key
}

function fieldValue(data: SchemaAndValue, { name, index, schema }: Field): ConnectValue {
  const { fieldTexts } = data
  if (fieldTexts === undefined || fieldTexts === null) return (data.value as ConnectStruct)[name] ?? null
  return valueOfText(schema, fieldTexts[index] ?? null)
}
