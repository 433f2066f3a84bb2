import type { ConfigKey } from '../../api/config/config-key.ts'
import { configText, type ConfigInput, type ConfigType } from '../../api/config/config-type.ts'

const LONG_MAX = 2 ** 63

/** Numbers of configuration types in DescribeConfigs. */
export const CONFIG_TYPES: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

/** Where a value comes from, in DescribeConfigs and CreateTopics. */
export const ConfigSource = { TOPIC: 1, DYNAMIC_BROKER: 2, DYNAMIC_DEFAULT_BROKER: 3, STATIC_BROKER: 4, DEFAULT: 5 } as const

/** A value as Java shows it; Long.MAX_VALUE, which a number cannot hold, with all its digits. */
export function valueText(value: ConfigInput, type: ConfigType): string | null {
  return type === 'long' && value === LONG_MAX ? '9223372036854775807' : configText(value, type)
}

export function defaultText(key: ConfigKey): string | null {
  return valueText(key.defaultValue, key.type)
}
