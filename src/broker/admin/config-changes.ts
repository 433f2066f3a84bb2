import { parseList } from '../../api/config/config-type.ts'
import type { ConfigDef } from '../../api/config/config-def.ts'
import type { Props } from '../../api/props.ts'
import { defaultText } from '../config/config-text.ts'
import { ApiError, Errors } from '../protocol/errors.ts'

/** One change of one key, as IncrementalAlterConfigs has it. */
export interface ConfigChange {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

/** Older versions of the protocol cannot tell a longer one. */
const MOST_BYTES = 32_767

export const Operation = { SET: 0, DELETE: 1, APPEND: 2, SUBTRACT: 3 } as const

/**
 * The values after the changes. Apache Kafka 4.3.1, ConfigurationControlManager#incrementalAlterConfigResource.
 * @param def of keys whose lists can be appended to; where a key is not set, its default is
 * @throws ApiError for a change that cannot be made
 */
export function changedProps(before: Props, changes: readonly ConfigChange[], def: ConfigDef): Props {
  const after = new Map(Object.entries(before))
  for (const { name, configOperation, value } of changes) {
    switch (configOperation) {
      case Operation.SET:
        after.set(name, value ?? '')
        break
      case Operation.DELETE:
        after.delete(name)
        break
      case Operation.APPEND:
      case Operation.SUBTRACT:
        after.set(name, changedList(name, configOperation, value ?? '', after.get(name), def))
        break
      default:
        throw new ApiError(Errors.INVALID_REQUEST, `Unknown operations type ${configOperation}`)
    }
  }
  const tooLong = [...after.values()].some((value) => Buffer.byteLength(value) > MOST_BYTES)
  if (tooLong)
    throw new ApiError(
      Errors.INVALID_CONFIG,
      `The configuration value cannot be added because it exceeds the maximum value size of ${MOST_BYTES} bytes.`,
    )
  return Object.fromEntries(after)
}

function changedList(name: string, operation: number, value: string, before: string | undefined, def: ConfigDef): string {
  const key = def.keys.get(name)
  if (key?.type !== 'list') {
    const verb = operation === Operation.APPEND ? 'APPEND' : 'SUBTRACT'
    throw new ApiError(Errors.INVALID_CONFIG, `Can't ${verb} to key ${name} because its type is not LIST.`)
  }
  const items = parseList(value)
  const now = parseList(before ?? defaultText(key) ?? '')
  if (operation === Operation.SUBTRACT) return now.filter((item) => !items.includes(item)).join(',')
  return [...new Set([...now, ...items])].join(',')
}
