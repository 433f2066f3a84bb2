import type { ConfigValue, ConnectorContext, Props, SinkConnector, ValidationPurpose } from 'standpipe/api'
import { ElasticsearchClient } from './client/elasticsearch-client.ts'
import { elasticsearchSinkConfig } from './config/elasticsearch-sink-config.ts'
import { logConfigNotices } from './config/notices.ts'
import { readElasticsearchSinkSettings } from './config/settings.ts'
import { validateWithServer } from './config/server-checks.ts'
import { validateElasticsearchSinkConfig } from './config/validate.ts'
import { ElasticsearchSinkTask } from './elasticsearch-sink-task.ts'
import { version } from './version.ts'

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

  start(props: Props): void {
    readElasticsearchSinkSettings(props)
    if (this.#context !== null) logConfigNotices(props, this.#context.log)
    this.#props = props
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
    return await validateWithServer(props, (settings) => ElasticsearchClient.open(settings))
  }

  /** Offsets of the consumer group are all there is, and any of them will do. */
  alterOffsets(): boolean {
    return true
  }
}
