import { inspect } from 'node:util'

const HIDDEN = '[hidden]'

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

  [inspect.custom](): string {
    return HIDDEN
  }
}
