import type { ConnectValue } from '../api/data/connect-value.ts'
import type { Schema } from '../api/data/schema.ts'

/** The key that most transformations of fields share, to be put into their `ConfigDef`. */
export const replaceNullWithDefault = {
  'replace.null.with.default': {
    type: 'boolean',
    default: true,
    importance: 'medium',
    doc: 'Whether a field that is null counts as having the default value of its schema. False: null stays null.',
  },
} as const

/** What stands for null in a field of that schema; null: nothing does. */
export function defaultFor(schema: Schema, replacesNull: boolean): ConnectValue {
  return replacesNull ? (schema.defaultValue ?? null) : null
}
