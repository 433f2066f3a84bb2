import type { Schema } from '../api/data/schema.ts'

const maxSize = 16

/**
 * What was compiled for a schema, found by the identity of the schema. Keeps the last 16; records in a row mostly have the same one.
 * A compilation that throws is not kept: the next record fails alike.
 */
export class SchemaCache<Compiled> {
  readonly #compile: (schema: Schema) => Compiled
  readonly #entries = new Map<Schema, Compiled>()
  #lastSchema: Schema | null = null
  #last: Compiled | null = null

  constructor(compile: (schema: Schema) => Compiled) {
    this.#compile = compile
  }

  get(schema: Schema): Compiled {
    if (schema === this.#lastSchema && this.#last !== null) return this.#last
    const compiled = this.#entries.get(schema) ?? this.#compile(schema)
    this.#entries.delete(schema)
    this.#entries.set(schema, compiled)
    if (this.#entries.size > maxSize) this.#forgetOldest()
    this.#lastSchema = schema
    this.#last = compiled
    return compiled
  }

  #forgetOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }
}
