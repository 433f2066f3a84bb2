import { ConfigDef } from '../api/config/config-def.ts'
import { caseInsensitiveValidString } from '../api/config/validators.ts'
import type { Props } from '../api/props.ts'
import { compileMapAccess, compileStructAccess } from './field/field-access.ts'
import { parseFieldPath, type FieldSyntaxVersion } from './field/field-path.ts'
import { IllegalArgumentException } from './illegal-argument-exception.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { requireMap, requireStruct } from './requirements.ts'
import { SchemaCache } from './schema-cache.ts'
import { sideOf } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { keyTarget, valueTarget } from './target.ts'

const purpose = 'field extraction'

const config = new ConfigDef({
  field: { type: 'string', importance: 'medium', doc: 'Name of the field, or the path to it where field.syntax.version is V2.' },
  'field.syntax.version': {
    type: 'string',
    default: 'V1',
    validator: caseInsensitiveValidString('V1', 'V2'),
    importance: 'high',
    doc: 'V1: the field is a name, dots included. V2: it is a path, dots separate its steps and backticks enclose names with dots.',
  },
  ...replaceNullWithDefault,
})

/** Replaces the key by one of its fields. Apache Kafka 4.3, ExtractField. */
export class ExtractFieldKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Replaces the value by one of its fields. */
export class ExtractFieldValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

function compile(props: Props): Change {
  const { field, 'field.syntax.version': version, 'replace.null.with.default': replacesNull } = config.parse(props)
  const path = parseFieldPath(field, version.toUpperCase() as FieldSyntaxVersion)
  const mapField = compileMapAccess(path)
  const structs = new SchemaCache((schema) => {
    const access = compileStructAccess(schema, path, replacesNull)
    if (access === null) throw new IllegalArgumentException(`Unknown field: ${field}`)
    return access
  })
  return (data) => {
    const { schema, value } = data
    if (schema === null) return value === null ? data : sideOf(null, mapField(requireMap(value, purpose)))
    const struct = value === null ? null : requireStruct(schema, value, purpose)
    const access = structs.get(schema)
    return sideOf(access.schema, struct === null ? null : access.value(struct))
  }
}
