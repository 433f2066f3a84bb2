import { DataException, type ConnectValue } from 'standpipe/api'
import { schemaOf, type ColumnForm } from './numeric-column.ts'

/** The texts of elements; of an array of more dimensions, arrays of them. */
export type ArrayTexts = readonly (string | null | ArrayTexts)[]

/**
 * An array of elements of that form, each of which may be null. The server knows of each value, but not of the column, how many dimensions
 * it has: the number that the column was declared with counts. @param dimensions 1 at least
 */
export function arrayForm(element: ColumnForm, dimensions: number): ColumnForm {
  const form = formOf(element, dimensions)
  return { schema: form.schema, read: (text) => form.value(new ArrayText(text, dimensions).read()) }
}

interface NestedForm {
  readonly schema: ColumnForm['schema']
  readonly value: (elements: ArrayTexts) => ConnectValue
}

function formOf(element: ColumnForm, dimensions: number): NestedForm {
  if (dimensions === 1) {
    const value = (each: ArrayTexts[number]) => (typeof each === 'string' ? element.read(each) : null)
    return { schema: { type: 'ARRAY', valueSchema: schemaOf(element, true) }, value: (elements) => elements.map(value) }
  }
  const inner = formOf(element, dimensions - 1)
  const value = (each: ArrayTexts[number]) => (Array.isArray(each) ? inner.value(each as ArrayTexts) : null)
  return { schema: { type: 'ARRAY', valueSchema: schemaOf(inner, true) }, value: (elements) => elements.map(value) }
}

/** One element and the comma or brace behind it: quoted, with backslashes before what would end it, or plain. */
const elementPattern = /(?:"((?:[^"\\]|\\.)*)"|([^",{}]*))([,}])/sy

/** An array as the server writes it: `{a,"b c",NULL}`, `{{1,2},{3,4}}`, with or without bounds before it. */
export class ArrayText {
  readonly #text: string
  readonly #dimensions: number
  #at: number

  constructor(text: string, dimensions: number) {
    this.#text = text
    this.#dimensions = dimensions
    this.#at = text.indexOf('{')
  }

  /** @throws DataException for other dimensions than were declared */
  read(depth = 1): ArrayTexts {
    const elements: (string | null | ArrayTexts)[] = []
    this.#at++
    if (this.#text.startsWith('}', this.#at)) {
      this.#at++
      return elements
    }
    while (!this.#takeElement(elements, depth));
    return elements
  }

  /** @returns whether it was the last */
  #takeElement(elements: (string | null | ArrayTexts)[], depth: number): boolean {
    const isNested = this.#text.startsWith('{', this.#at)
    if (isNested === (depth === this.#dimensions)) throw this.#otherDimensions()
    if (isNested) {
      elements.push(this.read(depth + 1))
      return this.#text[this.#at++] === '}'
    }
    elementPattern.lastIndex = this.#at
    const [whole = '', inQuotes, plain = '', end] = elementPattern.exec(this.#text) ?? []
    if (whole === '') throw this.#otherDimensions()
    this.#at += whole.length
    elements.push(inQuotes === undefined ? (plain.toUpperCase() === 'NULL' ? null : plain) : inQuotes.replaceAll(/\\(.)/gs, '$1'))
    return end === '}'
  }

  #otherDimensions(): DataException {
    const declared = this.#dimensions === 1 ? 'one dimension' : `${this.#dimensions} dimensions`
    return new DataException(
      `The array ${this.#text.slice(0, 100)} has other dimensions than its column, which is declared with ${declared}. Take it apart in a query, or cast the column to text.`,
    )
  }
}
