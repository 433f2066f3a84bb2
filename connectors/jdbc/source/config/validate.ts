import type { ConfigValue, Props } from 'standpipe/api'
import { contradictions } from './contradictions.ts'
import { sourceConfigs, type SourceFamily } from './definitions.ts'

/** Checks a whole configuration without asking the database: every key, then the keys against each other, all problems at once. */
export function validateJdbcSource(props: Props, family: SourceFamily): ConfigValue[] {
  const values = sourceConfigs[family].validate(props)
  const byName = new Map(values.map((value) => [value.name, value]))
  const wrong = new Set(values.flatMap(({ name, errorMessages }) => (errorMessages.length > 0 ? [name] : [])))
  if (family === 'aiven') checkLists(byName)
  if (family === 'confluent') {
    for (const { keys, message } of contradictions(props, without(props, wrong))) {
      if (!keys.some((key) => wrong.has(key))) for (const key of keys) byName.get(key)?.addError(message)
    }
  }
  return values
}

function checkLists(byName: ReadonlyMap<string, ConfigValue>): void {
  const [whitelist, blacklist] = [byName.get('table.whitelist'), byName.get('table.blacklist')]
  const isSet = (value: ConfigValue | undefined) => Array.isArray(value?.value) && value.value.length > 0
  if (isSet(whitelist) && isSet(blacklist)) whitelist?.addError('table.whitelist and table.blacklist are exclusive.')
}

function without(props: Props, keys: ReadonlySet<string>): Props {
  return Object.fromEntries(Object.entries(props).filter(([key]) => !keys.has(key)))
}
