import { ConfigDef } from '../api/config/config-def.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Props } from '../api/props.ts'
import { SchemaCache } from './schema-cache.ts'
import { sideOf } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { checkOptional } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'

const config = new ConfigDef({
  field: { type: 'string', importance: 'medium', doc: 'Name of the one field that the new struct or map has.' },
})

/** Wraps the key into a struct or map of one field. Apache Kafka 4.3, HoistField. */
export class HoistFieldKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Wraps the value into a struct or map of one field. A tombstone is wrapped too and is none any more. */
export class HoistFieldValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

function compile(props: Props): Change {
  const { field } = config.parse(props)
  const schemas = new SchemaCache((schema) => SchemaBuilder.struct().field(field, schema).build())
  return ({ schema, value }) => {
    if (schema === null) return sideOf(null, { [field]: value })
    const hoisted = schemas.get(schema)
    if (value === null) checkOptional(schema, field)
    return sideOf(hoisted, { [field]: value })
  }
}
