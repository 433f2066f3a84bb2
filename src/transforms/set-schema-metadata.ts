import { ConfigDef } from '../api/config/config-def.ts'
import { ConnectSchema, type Schema } from '../api/data/schema.ts'
import { ConfigException, DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { requireFields, requireStruct } from './requirements.ts'
import { SchemaCache } from './schema-cache.ts'
import { sideOf } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { compileStructCopy, copiedField } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'

const purpose = 'updating schema metadata'

const config = new ConfigDef({
  'schema.name': { type: 'string', default: null, importance: 'high', doc: 'New name of the schema. Absent: it keeps its own.' },
  'schema.version': { type: 'int', default: null, importance: 'high', doc: 'New version of the schema. Absent: it keeps its own.' },
  ...replaceNullWithDefault,
})

/** Sets name and version of the key's schema, which must be that of a struct. Apache Kafka 4.3, SetSchemaMetadata. */
export class SetSchemaMetadataKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Sets name and version of the value's schema, which must be that of a struct. */
export class SetSchemaMetadataValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

function compile(props: Props): Change {
  const { 'schema.name': name, 'schema.version': version, 'replace.null.with.default': replacesNull } = config.parse(props)
  if (name === null && version === null) throw new ConfigException('Neither schema name nor version configured')
  const structs = new SchemaCache((schema) => ({
    schema: renamed(schema, name, version),
    copy: compileStructCopy(
      schema,
      requireFields(schema).map((field) => copiedField(field, replacesNull)),
    ),
  }))
  return (data) => {
    const { schema, value } = data
    if (schema === null) return value === null ? data : refuse()
    const struct = structs.get(schema)
    return sideOf(struct.schema, value === null ? null : struct.copy(requireStruct(schema, value, purpose)))
  }
}

function refuse(): never {
  throw new DataException(`Schema required for [${purpose}]`)
}

function renamed(schema: Schema, name: string | null, version: number | null): Schema {
  const { type, optional, defaultValue, doc, parameters, fields } = schema
  return new ConnectSchema({
    type,
    optional,
    defaultValue,
    name: name ?? schema.name,
    version: version ?? schema.version,
    doc,
    parameters,
    fields,
  })
}
