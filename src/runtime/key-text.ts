import type { NullableProps } from '../api/config/prefix.ts'
import { javaTrim } from '../api/java-trim.ts'

/** The text of a key where it is read before its definition is known: trimmed as ConfigDef does. Null: not set. */
export function keyText(props: NullableProps, key: string): string | null {
  const text = props[key]
  return text === undefined || text === null ? null : javaTrim(text)
}
