import type { NodeBuild } from './elasticsearch-node.ts'

/** OpenSearch's own build, with data streams and `GET /`, without its security plugin. */
export const openSearch3: NodeBuild = {
  name: 'OpenSearch 3.3.2',
  program: 'opensearch',
  version: '3.3.2',
  java: { from: 21, to: 25 },
  settings: {},
}
