import type { ConfigDef, ParsedConfig } from '../../api/config/config-def.ts'
import type { KeyDeclarations } from '../../api/config/config-key.ts'
import { similarKey } from '../../api/config/similar-key.ts'
import { javaTrim } from '../../api/java-trim.ts'
import type { Logger } from '../../api/logger.ts'
import type { ClientProps } from '../ports.ts'

/** A client's parsed keys, and which of them the user set. Values are plain, so that a copy of the props recreates it anywhere. */
export type ClientConfig<Keys extends KeyDeclarations> = ParsedConfig<Keys> & {
  /** Whether the key is in the configuration, in contrast to its default. Not enumerable. */
  readonly isSet: (key: keyof Keys) => boolean
}

/** What becomes of a set key that this client does not follow as Java's does. */
export interface KeyTreatment {
  readonly key: string
  /** What happens when the value is not one of those that mean nothing special; null: each value is looked at by itself. */
  readonly kind: 'warned about' | 'refused' | null
  /** @returns the line to warn with; null: nothing to say. @throws ConfigException when the value cannot be used */
  readonly check: (value: string) => string | null
}

/**
 * Parses client keys: Java's sentences for wrong values, one warning for unknown keys, one for each key that has no effect here.
 * @throws ConfigException
 */
export function parseClientConfig<Keys extends KeyDeclarations>(
  def: ConfigDef<Keys>,
  props: ClientProps,
  treatments: readonly KeyTreatment[],
  log: Logger,
): ClientConfig<Keys> {
  const values = def.parse(followReconnectBackoff(props))
  warnAboutUnknownKeys(def.unknownKeys(props), def, log)
  for (const { key, check } of treatments) {
    const value = props[key]
    const warning = value === undefined ? null : check(javaTrim(value))
    if (warning !== null) log.warn(warning)
  }
  const isSet = (key: keyof Keys) => Object.hasOwn(props, key)
  return Object.defineProperty(values, 'isSet', { value: isSet }) as ClientConfig<Keys>
}

/** `reconnect.backoff.ms` alone means a constant wait. Apache Kafka 4.3, CommonClientConfigs#postProcessReconnectBackoffConfigs. */
function followReconnectBackoff(props: ClientProps): ClientProps {
  const backoff = props['reconnect.backoff.ms']
  if (backoff === undefined || Object.hasOwn(props, 'reconnect.backoff.max.ms')) return props
  return { ...props, 'reconnect.backoff.max.ms': backoff }
}

/** Java's sentence, and what was probably meant. */
function warnAboutUnknownKeys(keys: readonly string[], def: ConfigDef, log: Logger): void {
  if (keys.length === 0) return
  const suggestions = keys.flatMap((key) => {
    const similar = similarKey(key, def.keys.keys())
    return similar === null ? [] : [` Did you mean ${similar} for ${key}?`]
  })
  log.warn(`These configurations '[${keys.join(', ')}]' were supplied but are not used yet.${suggestions.join('')}`)
}
