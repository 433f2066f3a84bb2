import type { Schema, SchemaType } from './schema.ts'

const numberTypes: readonly SchemaType[] = ['INT8', 'INT16', 'INT32', 'INT64', 'FLOAT32', 'FLOAT64']

/** The schema that the elements of a parsed array have in common. Numbers widen; nulls have no say. */
export class MergedSchema {
  /** Null: none so far, or none possible. */
  common: Schema | null = null
  #isCompatible = true

  add(schema: Schema | null): void {
    if (schema === null || !this.#isCompatible) return
    this.common = this.common === null ? schema : merged(this.common, schema)
    this.#isCompatible = this.common !== null
  }
}

function merged(previous: Schema, latest: Schema): Schema | null {
  if (previous.type === latest.type) return previous.optional && latest.optional ? previous : latest
  const [a, b] = [numberTypes.indexOf(previous.type), numberTypes.indexOf(latest.type)]
  if (a < 0 || b < 0) return null
  return a > b ? previous : latest
}
