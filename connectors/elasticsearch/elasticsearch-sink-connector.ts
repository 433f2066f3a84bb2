import type { ConfigValue, ConnectorContext, Props, SinkConnector, ValidationPurpose } from 'standpipe/api'
import { ElasticsearchClient } from './client/elasticsearch-client.ts'
import { elasticsearchSinkConfig } from './config/elasticsearch-sink-config.ts'
import { logConfigNotices } from './config/notices.ts'
import { readElasticsearchSinkSettings, type ConnectionSettings } from './config/settings.ts'
import { requireExternalResources, validateWithServer } from './config/server-checks.ts'
import { validateElasticsearchSinkConfig } from './config/validate.ts'
import { ElasticsearchSinkTask } from './elasticsearch-sink-task.ts'
import { version } from './version.ts'

const openClient = (settings: ConnectionSettings) => ElasticsearchClient.open(settings)

/** Writes topics to Elasticsearch or OpenSearch. Confluent's ElasticsearchSinkConnector; Aiven's connectors read the same keys. */
export class ElasticsearchSinkConnector implements SinkConnector {
  readonly kind = 'sink'
  readonly version = version
  readonly taskClass = ElasticsearchSinkTask
  #context: ConnectorContext | null = null
  #props: Props = {}

  initialize(context: ConnectorContext): void {
    this.#context = context
  }

  /** @throws ConnectException when an external resource is not there; a server that is down is the tasks' to wait for */
  async start(props: Props): Promise<void> {
    const settings = readElasticsearchSinkSettings(props)
    this.#props = props
    if (this.#context === null) return
    const { log } = this.#context
    logConfigNotices(props, log)
    await requireExternalResources(settings, openClient, log)
  }

  taskConfigs(maxTasks: number): readonly Props[] {
    return Array.from({ length: maxTasks }, () => this.#props)
  }

  stop(): void {
    this.#props = {}
  }

  config(): typeof elasticsearchSinkConfig {
    return elasticsearchSinkConfig
  }

  /** Keys first; when all are right and somebody wants to know, the servers are asked. */
  async validate(props: Props, purpose: ValidationPurpose): Promise<readonly ConfigValue[]> {
    if (purpose === 'creation') return validateElasticsearchSinkConfig(props)
    return await validateWithServer(props, openClient)
  }

  /** Offsets of the consumer group are all there is, and any of them will do. */
  alterOffsets(): boolean {
    return true
  }
}
