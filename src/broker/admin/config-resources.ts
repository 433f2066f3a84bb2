import { Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { Topics } from '../topic/topics.ts'

/** Types of what can be configured, in DescribeConfigs and its kin. */
export const ResourceType = { TOPIC: 2, BROKER: 4, BROKER_LOGGER: 8, CLIENT_METRICS: 16, GROUP: 32 } as const

const KNOWN: readonly number[] = Object.values(ResourceType)

/** Answers ListConfigResources. @param wanted types; empty: all */
export function listConfigResources(wanted: readonly number[], topics: Topics, nodeId: number): ResponseMessages['ListConfigResources'] {
  if (wanted.some((type) => !KNOWN.includes(type))) return { throttleTimeMs: 0, errorCode: Errors.UNSUPPORTED_VERSION, configResources: [] }
  const named = (resourceType: number, names: readonly string[]) =>
    wanted.length === 0 || wanted.includes(resourceType) ? names.map((resourceName) => ({ resourceName, resourceType })) : []
  const topicNames = Array.from(topics.all(), ({ name }) => name)
  const configResources = [
    ...named(ResourceType.TOPIC, topicNames),
    ...named(ResourceType.BROKER, [String(nodeId)]),
    ...named(ResourceType.BROKER_LOGGER, [String(nodeId)]),
  ]
  return { throttleTimeMs: 0, errorCode: Errors.NONE, configResources }
}
