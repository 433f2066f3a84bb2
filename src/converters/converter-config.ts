import { ConfigDef } from '../api/config/config-def.ts'
import { validString } from '../api/config/validators.ts'
import type { Props } from '../api/props.ts'

/** What every converter has. */
export const converterDeclarations = {
  'converter.type': {
    type: 'string',
    validator: validString('key', 'value', 'header'),
    importance: 'low',
    doc: 'What the converter is used for: key, value or header. Set by the worker.',
  },
} as const

/** The configuration of a converter without keys of its own. */
export const converterConfig = new ConfigDef(converterDeclarations)

/** The properties with what the worker knows. */
export function withType(props: Props, isKey: boolean): Props {
  return { 'converter.type': isKey ? 'key' : 'value', ...props }
}
