const HIDDEN = '[hidden]'

/** Node's `inspect.custom`: it is documented to be this symbol, and `node:util` takes long to import. */
const inspectCustom = Symbol.for('nodejs.util.inspect.custom')

/** A secret of a configuration. Prints as `[hidden]` in text, JSON and the console; the secret itself only leaves through `value()`. */
export class Password {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  value(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspectCustom](): string {
    return HIDDEN
  }
}
