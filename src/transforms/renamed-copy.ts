import { compileObject } from '../api/data/compile-object.ts'
import type { ConnectStruct } from '../api/data/connect-value.ts'
import { setField, type NewFields } from './fields.ts'

/** Makes a new object of fields of another. */
export type ObjectCopy = (fields: ConnectStruct) => NewFields

/** Lists of names that are worth an own function. Beyond, as where names are data, objects are copied field by field. */
const MAX_COMPILED = 64

/**
 * Copies objects under new names. Objects mostly have the names of the one before them, or of some seen earlier: for each such list there
 * is a function with one object literal, which V8 makes in a single allocation; field by field the object would grow several times.
 */
export class RenamedCopy {
  readonly #newName: (name: string) => string | null
  readonly #copies = new Map<string, KnownNames>()
  #last: KnownNames

  /** @param newName of a field; null leaves it out */
  constructor(newName: (name: string) => string | null) {
    this.#newName = newName
    this.#last = this.#known([])
  }

  of(fields: ConnectStruct): NewFields {
    if (!hasNames(fields, this.#last.names)) this.#last = this.#known(Object.keys(fields))
    return this.#last.copy(fields)
  }

  #known(names: readonly string[]): KnownNames {
    const list = JSON.stringify(names)
    const known = this.#copies.get(list)
    if (known !== undefined) return known
    const pairs = names.map((name) => ({ from: name, to: this.#newName(name) })).filter(isKept)
    if (this.#copies.size === MAX_COMPILED) return { names, copy: (fields) => copyPairs(fields, pairs) }
    const compiled = { names, copy: compileObject(pairs.map(({ from, to }) => ({ name: to, from }))) }
    this.#copies.set(list, compiled)
    return compiled
  }
}

interface KnownNames {
  readonly names: readonly string[]
  readonly copy: ObjectCopy
}

interface Pair {
  readonly from: string
  readonly to: string
}

function isKept(pair: { readonly from: string; readonly to: string | null }): pair is Pair {
  return pair.to !== null
}

function hasNames(fields: ConnectStruct, names: readonly string[]): boolean {
  let place = 0
  for (const name in fields) if (name !== names[place++]) return false
  return place === names.length
}

function copyPairs(fields: ConnectStruct, pairs: readonly Pair[]): NewFields {
  const copy: NewFields = {}
  for (const { from, to } of pairs) setField(copy, to, fields[from])
  return copy
}
