import { ConfigDef } from '../../api/config/config-def.ts'
import { nonEmptyString } from '../../api/config/validators.ts'
import type { ConnectRecord } from '../../api/connect-record.ts'
import type { Props } from '../../api/props.ts'
import type { Predicate } from '../../api/transformation.ts'

const config = new ConfigDef({
  name: { type: 'string', validator: nonEmptyString, importance: 'medium', doc: 'Name of the header.' },
})

/** Holds for records with at least one header of that name. Apache Kafka 4.3, HasHeaderKey. */
export class HasHeaderKey implements Predicate {
  #name = ''

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    this.#name = config.parse(props).name
  }

  test(record: ConnectRecord): boolean {
    for (const { key } of record.headers) if (key === this.#name) return true
    return false
  }
}
