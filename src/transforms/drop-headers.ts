import { ConfigDef } from '../api/config/config-def.ts'
import { validList } from '../api/config/validators.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'

const config = new ConfigDef({
  headers: { type: 'list', validator: validList({ allowEmpty: false }), importance: 'high', doc: 'Names of the headers to remove.' },
})

/** Removes every header of these names. Apache Kafka 4.3, DropHeaders. */
export class DropHeaders implements Transformation {
  #names: ReadonlySet<string> = new Set()

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    this.#names = new Set(config.parse(props).headers)
  }

  apply<R extends ConnectRecord>(record: R): R {
    const kept = record.headers.filter(({ key }) => !this.#names.has(key))
    return kept.length === record.headers.length ? record : record.newRecord({ headers: kept })
  }
}
