import { schemasEqual, type Schema } from 'standpipe/api'

const mostKnown = 1000

/** Gives equal schemas one number, so that what follows from a schema is found again also where converters make new objects. */
export class SchemaNumbers {
  readonly #numbers = new WeakMap<Schema, number>()
  #known: Schema[] = []
  #next = 1

  /** 0 for none. */
  of(schema: Schema | null): number {
    if (schema === null) return 0
    const number = this.#numbers.get(schema)
    if (number !== undefined) return number
    const equal = this.#known.find((each) => schemasEqual(each, schema))
    const found = equal === undefined ? this.#add(schema) : (this.#numbers.get(equal) ?? this.#add(schema))
    this.#numbers.set(schema, found)
    return found
  }

  #add(schema: Schema): number {
    if (this.#known.length >= mostKnown) this.#known = []
    this.#known.push(schema)
    this.#numbers.set(schema, this.#next)
    return this.#next++
  }
}
