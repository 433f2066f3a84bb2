import { ConnectException } from 'standpipe/api'
import type { TargetSettings } from '../config/settings.ts'
import { dataStreamName, indexName } from './resource-name.ts'

/** What the records of a topic are written to. */
export interface Target {
  /** Index, alias or data stream; never empty. */
  readonly name: string
  readonly isDataStream: boolean
  /** It was there before: its existence is not asked for and it is never created. */
  readonly isExternal: boolean
}

/** @param topic as transformations left it @throws ConnectException when the topic has no resource or gives no name: nothing but another configuration helps */
export function targetOf(topic: string, settings: TargetSettings): Target {
  if (settings.usage !== 'disabled') return { name: externalName(topic, settings), isDataStream: settings.isDataStream, isExternal: true }
  if (settings.dataStream !== null) return { name: dataStreamName(topic, settings.dataStream), isDataStream: true, isExternal: false }
  const name = indexName(topic)
  if (name !== '') return { name, isDataStream: false, isExternal: false }
  throw new ConnectException(`Topic '${topic}' gives an empty index name. Rename it on the way with the RegexRouter transformation.`)
}

function externalName(topic: string, { externalResources }: TargetSettings): string {
  const name = externalResources.get(topic)
  if (name !== undefined) return name
  throw new ConnectException(
    `Topic '${topic}' is not mapped to any resource. All topics must be mapped when using topic-to-resource mapping configuration. ` +
      "Please check the 'topic.to.external.resource.mapping' configuration to ensure all topics are properly mapped.",
  )
}
