import { ConfigException, ConnectException } from 'standpipe/api'

const key = 'topic.to.external.resource.mapping'

/**
 * The pairs of `topic.to.external.resource.mapping`: topic → resource.
 * @param most `max.external.resource.mappings`
 * @throws ConfigException for the first pair that is wrong: no `topic:resource`, or a topic or resource that is there twice
 */
export function readExternalResources(pairs: readonly string[], most: number): ReadonlyMap<string, string> {
  const resources = new Map<string, string>()
  const seen = new Set<string>()
  for (const pair of pairs) {
    const [topic, resource] = splitPair(pair)
    if (resources.has(topic)) {
      throw ConfigException.forKey(
        key,
        pair,
        `Topic '${topic}' is mapped to multiple resources. Each topic must be mapped to exactly one resource.`,
      )
    }
    if (seen.has(resource)) {
      throw ConfigException.forKey(
        key,
        pair,
        `Resource '${resource}' is mapped from multiple topics. Each resource must be mapped to exactly one topic.`,
      )
    }
    resources.set(topic, resource)
    seen.add(resource)
  }
  if (resources.size <= most) return resources
  throw ConfigException.forKey(
    key,
    `[${pairs.join(', ')}]`,
    `Too many topic-to-external-resource mappings are configured (${resources.size}). Maximum allowed limit is ${most}.`,
  )
}

function splitPair(pair: string): readonly [string, string] {
  const [topic = '', resource = '', ...more] = pair.split(':').map((part) => part.trim())
  if (topic !== '' && resource !== '' && more.length === 0) return [topic, resource]
  throw ConfigException.forKey(key, pair, 'Invalid topic-to-resource mapping format. The expected format: topic:resource')
}

/** Confluent's sentence. @param usage what it should be, such as `datastream` */
export function absenceOf(usage: string, resource: string): string {
  return `${usage} '${resource}' does not exist in Elasticsearch`
}

/** Says that an external resource is not there: a server would make an index of its name with the first document. */
export function absentResource(usage: string, resource: string): ConnectException {
  return new ConnectException(
    `${absenceOf(usage, resource)}. What ${key} names is not the connector's to create: create it or name another, and restart the connector and its tasks.`,
  )
}
