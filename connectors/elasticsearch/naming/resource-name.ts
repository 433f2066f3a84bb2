import type { TargetSettings } from '../config/settings.ts'

const longestIndexName = 255
const longestNamespace = 100

/**
 * The index that a topic's records go to: lower case, 255 characters at most, without one leading `-` or `_`, and never `.` or `..`.
 * What else a server refuses in a name is left for it to refuse. Confluent's ElasticsearchSinkTask#convertTopicToIndexName.
 */
export function indexName(topic: string): string {
  const name = topic.toLowerCase().slice(0, longestIndexName)
  const stripped = name.startsWith('-') || name.startsWith('_') ? name.slice(1) : name
  return stripped === '.' || stripped === '..' ? stripped.replaceAll('.', 'dot') : stripped
}

/** The data stream that a topic's records go to: `type-dataset-namespace`. Confluent's ElasticsearchSinkTask#convertTopicToDataStreamName. */
export function dataStreamName(topic: string, { type, dataset, namespace }: NonNullable<TargetSettings['dataStream']>): string {
  const ofTopic = namespace.replaceAll('${topic}', () => topic.toLowerCase())
  return `${type}-${dataset}-${ofTopic.slice(0, longestNamespace)}`
}
