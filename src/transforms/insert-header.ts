import { ConfigDef } from '../api/config/config-def.ts'
import { nonNull } from '../api/config/validators.ts'
import type { ConnectRecord } from '../api/connect-record.ts'
import { Values } from '../api/data/values.ts'
import type { Header } from '../api/header/headers.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'

const config = new ConfigDef({
  header: { type: 'string', validator: nonNull, importance: 'high', doc: 'Name of the header.' },
  'value.literal': {
    type: 'string',
    validator: nonNull,
    importance: 'high',
    doc: 'The header, read as SimpleHeaderConverter reads one: 12 is an INT8, true a BOOLEAN, other text a STRING.',
  },
})

/** Adds a constant header to each record, beside headers of that name that it has already. Apache Kafka 4.3, InsertHeader. */
export class InsertHeader implements Transformation {
  #header: Header = { key: '', schema: null, value: null }

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    const { header, 'value.literal': literal } = config.parse(props)
    const { schema, value } = Values.parseString(literal)
    this.#header = { key: header, schema, value }
  }

  apply<R extends ConnectRecord>(record: R): R {
    return record.newRecord({ headers: [...record.headers, this.#header] })
  }
}
