import { startNode, type NodeBuild, type NodeOptions, type SearchNode } from './elasticsearch-node.ts'
import { openSearch3 } from './opensearch.ts'

function elasticsearch(version: string, rest: Pick<NodeBuild, 'java' | 'settings'>): NodeBuild {
  return { name: `Elasticsearch ${version}`, program: 'elasticsearch', version, ...rest }
}

/** 7.17 needs the security manager, which Java 24 has no more; 8.19 has been checked on 17. */
const JAVA_17_ON = { from: 17, to: 23 }
const NO_SECURITY = { 'xpack.security.enabled': 'false' }

/** The servers the Elasticsearch sink is made for, by the name that `npm run services` knows them by. */
export const searchServers = {
  'elasticsearch-7': elasticsearch('7.17.29', { java: JAVA_17_ON, settings: {} }),
  'elasticsearch-8': elasticsearch('8.19.9', { java: JAVA_17_ON, settings: NO_SECURITY }),
  'elasticsearch-9': elasticsearch('9.2.0', { java: { from: 21, to: 25 }, settings: NO_SECURITY }),
  'opensearch-3': openSearch3,
} as const satisfies Record<string, NodeBuild>

export type SearchServerName = keyof typeof searchServers

/** Addresses in these variables are used in place of a server of our own. */
export const searchServerVariables: Readonly<Record<SearchServerName, string>> = {
  'elasticsearch-7': 'STANDPIPE_TEST_ELASTICSEARCH_7',
  'elasticsearch-8': 'STANDPIPE_TEST_ELASTICSEARCH',
  'elasticsearch-9': 'STANDPIPE_TEST_ELASTICSEARCH_9',
  'opensearch-3': 'STANDPIPE_TEST_OPENSEARCH',
}

export function startSearchServer(name: SearchServerName, options: NodeOptions = {}): Promise<SearchNode> {
  return startNode(searchServers[name], options)
}
