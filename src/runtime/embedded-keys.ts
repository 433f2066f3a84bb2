import type { ConfigDef } from '../api/config/config-def.ts'
import type { ConfigKey, KeyDeclaration, KeyDeclarations } from '../api/config/config-key.ts'
import type { Validator } from '../api/config/validators.ts'

const IMPORTANCES = ['high', 'medium', 'low']

/**
 * A plugin's keys as part of a connector's: named with a prefix, numbered in a group of their own. Validators keep speaking of the
 * name without prefix. Apache Kafka 4.3, ConfigDef#embed.
 */
export function embeddedKeys(prefix: string, group: string, firstOrder: number, def: ConfigDef): KeyDeclarations {
  const entries = sortedKeys(def).map((key, index) => {
    const declaration = {
      ...def.declarations[key.name],
      ...(key.validator === null ? {} : { validator: withoutPrefix(prefix, key.validator) }),
      displayName: key.displayName,
      group: key.group === null ? group : `${group}: ${key.group}`,
      orderInGroup: firstOrder + index,
      dependents: key.dependents.map((name) => prefix + name),
    }
    return [prefix + key.name, declaration as KeyDeclaration] as const
  })
  return Object.fromEntries(entries)
}

function withoutPrefix(prefix: string, validator: Validator): Validator {
  return {
    ensureValid: (name, value) => validator.ensureValid(name.slice(prefix.length), value),
    toString: () => validator.toString(),
  }
}

/** By group and order; then those without a default, by importance, by name. Apache Kafka 4.3, ConfigDef#sortedConfigs. */
function sortedKeys(def: ConfigDef): ConfigKey[] {
  const keys = [...def.keys.values()]
  const groups = [...new Set(keys.map(({ group }) => group))].sort((a, b) => Number(a !== null) - Number(b !== null))
  const rank = (key: ConfigKey) => [
    groups.indexOf(key.group),
    key.orderInGroup,
    Number(key.hasDefault),
    IMPORTANCES.indexOf(key.importance),
  ]
  return keys.sort((a, b) => compareRanks(rank(a), rank(b)) || (a.name < b.name ? -1 : 1))
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}
