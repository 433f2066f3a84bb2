import { ConfigDef } from '../api/config/config-def.ts'
import { caseInsensitiveValidString } from '../api/config/validators.ts'
import { converterDeclarations } from './converter-config.ts'

/** Keys of JsonConverter. Apache Kafka 4.3, JsonConverterConfig. */
export const jsonConverterConfig = new ConfigDef({
  ...converterDeclarations,
  'schemas.enable': {
    type: 'boolean',
    default: true,
    importance: 'high',
    group: 'Schemas',
    orderInGroup: 0,
    width: 'medium',
    displayName: 'Enable Schemas',
    doc: 'Write and expect a schema within each message: {"schema":…,"payload":…}. Set false for plain JSON.',
  },
  'schemas.cache.size': {
    type: 'int',
    default: 1000,
    importance: 'high',
    group: 'Schemas',
    orderInGroup: 1,
    width: 'medium',
    displayName: 'Schema Cache Size',
    doc: 'Most schemas kept in memory, in each direction.',
  },
  'schema.content': {
    type: 'string',
    default: null,
    importance: 'high',
    group: 'Schemas',
    orderInGroup: 2,
    width: 'medium',
    displayName: 'Schema Content',
    doc: 'JSON text of a schema by which every message is read, in place of one within the message. Only with schemas.enable=true.',
  },
  'decimal.format': {
    type: 'string',
    default: 'BASE64',
    validator: caseInsensitiveValidString('NUMERIC', 'BASE64'),
    importance: 'low',
    group: 'Serialization',
    orderInGroup: 0,
    width: 'medium',
    displayName: 'Decimal Format',
    doc: 'How decimals are written: BASE64 (of the unscaled bytes) or NUMERIC (a JSON number). Both are read.',
  },
  'replace.null.with.default': {
    type: 'boolean',
    default: true,
    importance: 'low',
    group: 'Serialization',
    orderInGroup: 1,
    width: 'medium',
    displayName: 'Replace null with default',
    doc: 'Whether a null field that has a default becomes that default, in both directions.',
  },
})
