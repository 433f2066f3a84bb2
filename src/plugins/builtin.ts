import type { Plugin } from '../api/plugin.ts'
import { standpipeVersion as version } from '../version.ts'

const file = () => import('../../connectors/file/index.ts')

/** The plugins that come with standpipe, under Apache's class names: the only list of ours. A class is loaded when it is first needed. */
export const builtinPlugins: readonly Plugin[] = [
  {
    kind: 'source',
    className: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
    version,
    load: async () => (await file()).FileStreamSourceConnector,
  },
  {
    kind: 'sink',
    className: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
    version,
    load: async () => (await file()).FileStreamSinkConnector,
  },
  {
    kind: 'converter',
    className: 'org.apache.kafka.connect.json.JsonConverter',
    version,
    load: async () => (await import('../converters/json-converter.ts')).JsonConverter,
  },
  {
    kind: 'header_converter',
    className: 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    version,
    load: async () => (await import('../converters/json-converter.ts')).JsonConverter,
  },
]
