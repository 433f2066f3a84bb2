import { ConfigDef } from '../api/config/config-def.ts'
import { lambda, validList } from '../api/config/validators.ts'
import type { ConnectStruct } from '../api/data/connect-value.ts'
import { javaText } from '../api/data/java-text.ts'
import { SchemaBuilder } from '../api/data/schema-builder.ts'
import type { Schema } from '../api/data/schema.ts'
import { ConfigException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { fieldOf, setField, type NewFields } from './fields.ts'
import { RenamedCopy } from './renamed-copy.ts'
import { replaceNullWithDefault } from './replace-null.ts'
import { copySchemaBasics } from './schema-basics.ts'
import { changeFields, unlessNull, type StructChange } from './side-change.ts'
import { SideTransformation, type Change } from './side-transformation.ts'
import { compileStructCopy, copiedField, type CopiedField } from './struct-copy.ts'
import { keyTarget, valueTarget } from './target.ts'
import { splitColons } from './validators.ts'

const config = new ConfigDef({
  exclude: {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'medium',
    doc: 'Fields to leave out. A field that is also included is left out.',
  },
  include: {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'medium',
    doc: 'Fields to keep, by their old names. Empty: all.',
  },
  renames: {
    type: 'list',
    default: [],
    validator: lambda<readonly string[]>((_name, value) => {
      parseRenames(value ?? [])
    }, 'list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>'),
    importance: 'medium',
    doc: 'New names of fields, each as old:new.',
  },
  ...replaceNullWithDefault,
})

/** Leaves out and renames top-level fields of the key. Apache Kafka 4.3, ReplaceField. */
export class ReplaceFieldKey extends SideTransformation {
  constructor() {
    super(keyTarget, { config, compile })
  }
}

/** Leaves out and renames top-level fields of the value. */
export class ReplaceFieldValue extends SideTransformation {
  constructor() {
    super(valueTarget, { config, compile })
  }
}

interface Names {
  readonly exclude: ReadonlySet<string>
  /** Empty: all fields. */
  readonly include: ReadonlySet<string>
  readonly renames: ReadonlyMap<string, string>
}

function compile(props: Props): Change {
  const { exclude, include, renames, 'replace.null.with.default': replacesNull } = config.parse(props)
  const names: Names = { exclude: new Set(exclude), include: new Set(include), renames: parseRenames(renames) }
  return unlessNull(
    changeFields({
      purpose: 'field replacement',
      map: names.include.size === 0 ? compileExclusion(names) : compileInclusion(names),
      struct: (schema) => compileStruct(schema, names, replacesNull),
    }),
  )
}

function parseRenames(mappings: readonly string[]): ReadonlyMap<string, string> {
  const renames = new Map<string, string>()
  for (const mapping of mappings) {
    const [from, to, ...more] = splitColons(mapping)
    if (from === undefined || to === undefined || more.length > 0) {
      throw ConfigException.forKey('renames', javaText(mappings, null), `Invalid rename mapping: ${mapping}`)
    }
    renames.set(from, to)
  }
  return renames
}

function compileExclusion({ exclude, renames }: Names): (map: ConnectStruct) => ConnectStruct {
  const copy = new RenamedCopy((name) => (exclude.has(name) ? null : (renames.get(name) ?? name)))
  return (map) => copy.of(map)
}

function compileInclusion({ exclude, include, renames }: Names): (map: ConnectStruct) => ConnectStruct {
  const pairs = [...include].filter((name) => !exclude.has(name)).map((name) => [name, renames.get(name) ?? name] as const)
  return (map) => {
    const kept: NewFields = {}
    for (const [from, to] of pairs) if (Object.hasOwn(map, from)) setField(kept, to, fieldOf(map, from))
    return kept
  }
}

function compileStruct(schema: Schema, { exclude, include, renames }: Names, replacesNull: boolean): StructChange {
  const kept = schema.fields.filter(({ name }) => !exclude.has(name) && (include.size === 0 || include.has(name)))
  const fields: CopiedField[] = kept.map((field) => ({ ...copiedField(field, replacesNull), to: renames.get(field.name) ?? field.name }))
  const builder = copySchemaBasics(schema, SchemaBuilder.struct())
  for (const field of fields) builder.field(field.to, field.schema)
  return { schema: builder.build(), change: compileStructCopy(schema, fields) }
}
