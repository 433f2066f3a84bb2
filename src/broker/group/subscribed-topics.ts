import { decodeData } from '../protocol/codec.ts'

/**
 * Topics that consumers subscribed to, from what they sent with JoinGroup.
 * @returns null: some client puts something of its own there; it may be subscribed to anything
 */
export function subscribedTopics(metadata: readonly Buffer[]): ReadonlySet<string> | null {
  const topics = new Set<string>()
  try {
    for (const bytes of metadata) for (const topic of decodeData('ConsumerProtocolSubscription', bytes).topics) topics.add(topic)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
  return topics
}
