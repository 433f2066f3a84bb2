import { ConfigDef, type ConnectRecord, type Props, type Transformation } from '../../../src/api/index.ts'
import { errorOf } from './actor.ts'
import type { ErrorSpec } from './dialogue.ts'

const config = new ConfigDef({
  value: { type: 'string', importance: 'high', doc: 'The value it fails for.' },
  times: { type: 'int', default: 2147483647, importance: 'low', doc: 'How often it fails before it lets the record through.' },
  error: { type: 'string', importance: 'high', doc: 'What it throws: an ErrorSpec as JSON.' },
})

/** Throws for records of one value, and else marks those it lets through. */
export class FaultyTransformation implements Transformation {
  #value = ''
  #times = 0
  #error: ErrorSpec = { type: 'Error', message: '' }

  config(): typeof config {
    return config
  }

  configure(props: Props): void {
    const { value, times, error } = config.parse(props)
    this.#value = value
    this.#times = times
    this.#error = JSON.parse(error) as ErrorSpec
  }

  apply<R extends ConnectRecord>(record: R): R {
    if (record.value !== this.#value || this.#times-- <= 0) return record
    throw errorOf(this.#error)
  }
}
