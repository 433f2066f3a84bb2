import { Reader } from '../../kafka/protocol/reader.ts'

/**
 * Topics that consumers subscribed to, from what they sent with JoinGroup. Read by version 0 of Kafka's layout, with which all begin.
 * @returns null: some client puts something of its own there; it may be subscribed to anything
 */
export function subscribedTopics(metadata: readonly Buffer[]): ReadonlySet<string> | null {
  const topics = new Set<string>()
  try {
    for (const bytes of metadata) for (const topic of topicsOf(new Reader(bytes))) topics.add(topic)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
  return topics
}

function topicsOf(reader: Reader): string[] {
  reader.int16() // version
  const topics = reader.array((item) => item.string())
  reader.bytes() // user data: it must be there, else this is some other layout
  return topics
}
