import { ConfigDef } from '../api/config/config-def.ts'
import type { HeaderConverter } from '../api/converter.ts'
import type { ConnectValue } from '../api/data/connect-value.ts'
import { NULL_VALUE, type SchemaAndValue } from '../api/data/schema-and-value.ts'
import type { Schema } from '../api/data/schema.ts'
import { parseString } from '../api/data/value-parser.ts'
import { valueText } from '../api/data/value-text.ts'

const config = new ConfigDef({})

/**
 * The worker's default for headers: writes values as text, and guesses from a text what it was. So a header `007` becomes the number 7;
 * use ByteArrayConverter or StringConverter where headers must stay as they are. Apache Kafka 4.3, SimpleHeaderConverter.
 */
export class SimpleHeaderConverter implements HeaderConverter {
  config(): typeof config {
    return config
  }

  /** It has no settings. */
  configure(): void {}

  fromConnectHeader(_topic: string, _headerKey: string, schema: Schema | null, value: ConnectValue): Buffer | null {
    return value === null ? null : Buffer.from(valueText(value, schema))
  }

  toConnectHeader(_topic: string, _headerKey: string, value: Buffer | null): SchemaAndValue {
    return value === null ? NULL_VALUE : parseString(value.toString('utf8'))
  }
}
