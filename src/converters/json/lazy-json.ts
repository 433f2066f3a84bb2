import type { ConnectValue } from '../../api/data/connect-value.ts'
import type { SchemaAndValue } from '../../api/data/schema-and-value.ts'
import { JsonReader } from './json-reader.ts'

/** How the checked text is read. */
type Reading = 'exact' | 'lossless' | 'lossless-malformed'

/** A schemaless object or array whose text has been checked and is parsed when somebody asks for it: the getter cannot throw. */
export class LazyJson implements SchemaAndValue {
  readonly schema = null
  readonly rawJson: Buffer | null
  readonly #text: Buffer
  readonly #reading: Reading
  #value: ConnectValue | undefined = undefined

  /** @param text the bytes of the value, no more @param rawJson the same, or null when it is not for others to read */
  constructor(text: Buffer, rawJson: Buffer | null, reading: Reading) {
    this.#text = text
    this.rawJson = rawJson
    this.#reading = reading
  }

  get value(): ConnectValue {
    this.#value ??= this.#parse()
    return this.#value
  }

  #parse(): ConnectValue {
    if (this.#reading === 'exact') return JSON.parse(this.#text.toString('utf8')) as ConnectValue
    return JsonReader.value(this.#text, 0, this.#reading === 'lossless')
  }
}
