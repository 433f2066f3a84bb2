import { ConnectException, ConnectSchema, type ConnectStruct, type ConnectValue } from 'standpipe/api'

/** Makes keys of records from fields of their values. */
export class RecordKeys {
  readonly #columns: readonly string[]
  #schema: { readonly of: ConnectSchema; readonly key: ConnectSchema } | null = null

  constructor(columns: readonly string[]) {
    this.#columns = columns
  }

  /** @throws ConnectException for a column that the values do not have */
  of(schema: ConnectSchema, value: ConnectStruct): { readonly keySchema: ConnectSchema; readonly key: ConnectStruct } {
    if (this.#schema?.of !== schema) this.#schema = { of: schema, key: this.#keySchema(schema) }
    const key: Record<string, ConnectValue> = {}
    for (const name of this.#columns) key[name] = value[name] ?? null
    return { keySchema: this.#schema.key, key }
  }

  #keySchema(schema: ConnectSchema): ConnectSchema {
    const fields = this.#columns.map((name, index) => {
      const field = schema.field(name)
      if (field === null)
        throw new ConnectException(`key.columns names ${name}, which ${schema.name ?? 'the query'} does not have as a field.`)
      return { ...field, index }
    })
    return new ConnectSchema({ type: 'STRUCT', name: schema.name, fields })
  }
}
