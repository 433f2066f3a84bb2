import type { ConfigKey, ConfigKeyInfo } from '../api/config/config-key.ts'
import { configKeyInfo } from '../api/config/config-def.ts'
import { configText, type ConfigType } from '../api/config/config-type.ts'
import type { ConfigValue } from '../api/config/config-value.ts'

/** A validated value as REST answers show it. Apache Kafka 4.3, ConfigValueInfo. */
interface ConfigValueInfo {
  readonly name: string
  readonly value: string | null
  readonly recommended_values: readonly (string | null)[]
  readonly errors: readonly string[]
  readonly visible: boolean
}

/** The answer of `PUT /connector-plugins/{plugin}/config/validate`. Apache Kafka 4.3, ConfigInfos. */
export interface ConfigInfos {
  /** `connector.class` as it was given. */
  readonly name: string
  readonly error_count: number
  readonly groups: readonly string[]
  readonly configs: readonly { readonly definition: ConfigKeyInfo | null; readonly value: ConfigValueInfo }[]
}

/**
 * Joins keys with what validation found. Of a name that was validated twice the last result counts.
 * Apache Kafka 4.3, AbstractHerder#generateResult.
 */
export function configInfos(name: string, keys: readonly ConfigKey[], values: readonly ConfigValue[]): ConfigInfos {
  const byName = new Map(values.map((value) => [value.name, value]))
  const declared = new Map(keys.map((key) => [key.name, key]))
  const undeclared = [...byName.values()].filter((value) => !declared.has(value.name))
  const found = [...declared.values()].flatMap((key) => {
    const value = byName.get(key.name)
    return value === undefined ? [] : [{ definition: configKeyInfo(key), value: valueInfo(value, key.type) }]
  })
  const configs = [...undeclared.map((value) => ({ definition: null, value: valueInfo(value, null) })), ...found]
  const errorCount = configs.reduce((count, { value }) => count + value.errors.length, 0)
  return { name, error_count: errorCount, groups: groupsOf(keys), configs }
}

/**
 * Results of a part whose keys have a prefix in the whole configuration; each key counts as one error at most.
 * Apache Kafka 4.3, AbstractHerder#prefixedConfigInfos.
 */
export function prefixedConfigInfos(prefix: string, keys: ReadonlyMap<string, ConfigKey>, values: readonly ConfigValue[]): ConfigInfos {
  const configs = values.map((value) => {
    const key = keys.get(value.name)
    const info = valueInfo(value, key?.type ?? null)
    return {
      definition: key === undefined ? null : { ...configKeyInfo(key), name: prefix + key.name },
      value: { ...info, name: prefix + value.name },
    }
  })
  const declared = values.flatMap((value) => keys.get(value.name) ?? [])
  return { name: '', error_count: configs.filter(({ value }) => value.errors.length > 0).length, groups: groupsOf(declared), configs }
}

/** One answer of several, under the first one's name. */
export function mergedConfigInfos(first: ConfigInfos, rest: readonly ConfigInfos[]): ConfigInfos {
  const all = [first, ...rest]
  return {
    name: first.name,
    error_count: all.reduce((count, infos) => count + infos.error_count, 0),
    groups: [...new Set(all.flatMap(({ groups }) => groups))],
    configs: all.flatMap(({ configs }) => configs),
  }
}

/** The text of the refusal when a connector is created with an invalid configuration. */
export function invalidConfigText(infos: ConfigInfos): string {
  return [
    `Connector configuration is invalid and contains the following ${infos.error_count} error(s):`,
    ...infos.configs.flatMap(({ value }) => value.errors),
    'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
  ].join('\n')
}

function groupsOf(keys: readonly ConfigKey[]): string[] {
  return [...new Set(keys.flatMap(({ group }) => group ?? []))]
}

function valueInfo(value: ConfigValue, type: ConfigType | null): ConfigValueInfo {
  return {
    name: value.name,
    value: configText(value.value, type ?? 'string'),
    recommended_values: value.recommendedValues.map((recommended) => configText(recommended, type ?? 'string')),
    errors: value.errorMessages,
    visible: value.visible,
  }
}
