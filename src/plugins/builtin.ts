import type { ConfigProvider } from '../api/config-provider.ts'
import type { Converter, HeaderConverter } from '../api/converter.ts'
import type { Plugin } from '../api/plugin.ts'
import { DirectoryConfigProvider } from '../config-providers/directory-config-provider.ts'
import { EnvVarConfigProvider } from '../config-providers/env-var-config-provider.ts'
import { FileConfigProvider } from '../config-providers/file-config-provider.ts'
import { BooleanConverter } from '../converters/boolean-converter.ts'
import { ByteArrayConverter } from '../converters/byte-array-converter.ts'
import { DoubleConverter } from '../converters/double-converter.ts'
import { FloatConverter } from '../converters/float-converter.ts'
import { IntegerConverter } from '../converters/integer-converter.ts'
import { JsonConverter } from '../converters/json-converter.ts'
import { LongConverter } from '../converters/long-converter.ts'
import { ShortConverter } from '../converters/short-converter.ts'
import { SimpleHeaderConverter } from '../converters/simple-header-converter.ts'
import { StringConverter } from '../converters/string-converter.ts'
import { standpipeVersion as version } from '../version.ts'
import { builtinTransforms } from './builtin-transforms.ts'

const file = () => import('../../connectors/file/index.ts')
const elasticsearchSink = async () => (await import('../../connectors/elasticsearch/index.ts')).ElasticsearchSinkConnector
const jdbc = () => import('../../connectors/jdbc/index.ts')

/** Whose property files the Elasticsearch and OpenSearch sink takes. */
const elasticsearchSinkNames = [
  'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector',
  'io.aiven.connect.elasticsearch.ElasticsearchSinkConnector',
  'io.aiven.kafka.connect.opensearch.OpensearchSinkConnector',
  'io.aiven.connect.opensearch.OpensearchSinkConnector',
]

/**
 * The plugins that come with standpipe, under the class names of Apache and of the connectors' makers: the only list of ours. Connectors
 * are loaded when they are first needed, so that a worker never loads the client library of a system it does not talk to.
 */
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
    kind: 'source',
    className: 'io.confluent.connect.jdbc.JdbcSourceConnector',
    version,
    load: async () => (await jdbc()).JdbcSourceConnector,
  },
  {
    kind: 'source',
    className: 'io.aiven.connect.jdbc.JdbcSourceConnector',
    version,
    onlyFullName: true,
    load: async () => (await jdbc()).AivenJdbcSourceConnector,
  },
  { kind: 'sink', className: 'io.confluent.connect.jdbc.JdbcSinkConnector', version, load: async () => (await jdbc()).JdbcSinkConnector },
  {
    kind: 'sink',
    className: 'io.aiven.connect.jdbc.JdbcSinkConnector',
    version,
    onlyFullName: true,
    load: async () => (await jdbc()).AivenJdbcSinkConnector,
  },
  {
    kind: 'sink',
    className: 'io.debezium.connector.jdbc.JdbcSinkConnector',
    version,
    onlyFullName: true,
    load: async () => (await jdbc()).DebeziumJdbcSinkConnector,
  },
  ...elasticsearchSinkNames.map((className): Plugin => ({ kind: 'sink', className, version, load: elasticsearchSink })),
  ...converter('org.apache.kafka.connect.json.JsonConverter', JsonConverter),
  ...converter('org.apache.kafka.connect.storage.StringConverter', StringConverter),
  ...converter('org.apache.kafka.connect.converters.ByteArrayConverter', ByteArrayConverter),
  ...converter('org.apache.kafka.connect.converters.BooleanConverter', BooleanConverter),
  ...converter('org.apache.kafka.connect.converters.ShortConverter', ShortConverter),
  ...converter('org.apache.kafka.connect.converters.IntegerConverter', IntegerConverter),
  ...converter('org.apache.kafka.connect.converters.LongConverter', LongConverter),
  ...converter('org.apache.kafka.connect.converters.FloatConverter', FloatConverter),
  ...converter('org.apache.kafka.connect.converters.DoubleConverter', DoubleConverter),
  headerConverter('org.apache.kafka.connect.storage.SimpleHeaderConverter', SimpleHeaderConverter),
  configProvider('org.apache.kafka.common.config.provider.FileConfigProvider', FileConfigProvider),
  configProvider('org.apache.kafka.common.config.provider.DirectoryConfigProvider', DirectoryConfigProvider),
  configProvider('org.apache.kafka.common.config.provider.EnvVarConfigProvider', EnvVarConfigProvider),
  ...builtinTransforms,
]

/** Converters of keys and values convert headers too. */
function converter(className: string, Class: new () => Converter & HeaderConverter): Plugin[] {
  return [{ kind: 'converter', className, version, load: () => Promise.resolve(Class) }, headerConverter(className, Class)]
}

function headerConverter(className: string, Class: new () => HeaderConverter): Plugin {
  return { kind: 'header_converter', className, version, load: () => Promise.resolve(Class) }
}

function configProvider(className: string, Class: new () => ConfigProvider): Plugin {
  return { kind: 'config_provider', className, version, load: () => Promise.resolve(Class) }
}
