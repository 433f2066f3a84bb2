import { TOPIC_SYNONYMS } from './topic-synonyms.ts'
import { brokerConfigDef } from './broker-config-keys.ts'

/** Units of which Kafka changes only the finest while it runs. */
const COARSE_UNITS = /\.(?:hours|minutes)$|^log\.flush\.scheduler\./

const DYNAMIC: ReadonlySet<string> = new Set([
  'log.cleaner.backoff.ms',
  ...[...TOPIC_SYNONYMS.values()].flatMap((synonyms) => synonyms.map(([key]) => key)).filter((key) => !COARSE_UNITS.test(key)),
])

/** Whether clients can change a key of the broker while it runs. Apache Kafka 4.3.1, DynamicBrokerConfig, of the keys that are known here. */
export function isDynamic(name: string): boolean {
  return DYNAMIC.has(name)
}

/** A key that has a meaning here, which only the properties file can change. */
export function isFixed(name: string): boolean {
  return brokerConfigDef.keys.has(name) && !DYNAMIC.has(name)
}
