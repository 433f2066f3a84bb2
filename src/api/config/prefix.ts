/** A configuration in which keys may be set to null, as JSON can say it. */
export type NullableProps = Readonly<Record<string, string | null>>

/**
 * The keys that begin with the prefix, which is removed; a key that is the prefix itself is left out. Values stay untrimmed.
 * Apache Kafka 4.3, AbstractConfig#originalsWithPrefix.
 */
export function originalsWithPrefix<Value extends string | null>(
  props: Readonly<Record<string, Value>>,
  prefix: string,
): Readonly<Record<string, Value>> {
  const entries = Object.entries(props).filter(([key]) => key.startsWith(prefix) && key.length > prefix.length)
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), value]))
}
