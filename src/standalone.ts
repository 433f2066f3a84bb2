import { parseList } from './api/config/config-type.ts'
import type { Logger } from './api/logger.ts'
import type { Props } from './api/props.ts'
import { createKafkaClients } from './kafka/kafka-clients.ts'
import type { KafkaClients } from './kafka/ports.ts'
import { FileOffsetBackingStore } from './offsets/file-offset-backing-store.ts'
import { KafkaOffsetBackingStore } from './offsets/kafka-offset-backing-store.ts'
import { MemoryOffsetBackingStore } from './offsets/memory-offset-backing-store.ts'
import type { OffsetBackingStore } from './offsets/offset-backing-store.ts'
import { loadPlugins } from './plugins/load-plugins.ts'
import { offsetConsumerProps, offsetProducerProps, workerAdminProps } from './runtime/client-props.ts'
import { ConfigTransformer } from './runtime/config-transformer.ts'
import type { Herder } from './runtime/herder.ts'
import { StandaloneHerder } from './runtime/standalone-herder.ts'
import { unusedWorkerKeys } from './runtime/unused-keys.ts'
import { isExactlyOnce, parseWorkerConfig, type WorkerConfig } from './runtime/worker-config.ts'
import { Worker } from './runtime/worker.ts'

/** Beside this file among the sources; the build puts what its programs share, such as this file, one folder deeper than lane.js. */
const laneFile = import.meta.url.endsWith('.ts') ? new URL('./lane.ts', import.meta.url) : new URL('../lane.js', import.meta.url)

export interface StandaloneOptions {
  /** The worker's configuration: keys and texts as in its file. */
  readonly props: Props
  readonly log: Logger
}

/** A standalone worker with everything wired together: what `connect-standalone` runs, and what a program embeds. */
export class Standalone {
  readonly herder: Herder
  readonly #worker: Worker

  private constructor(worker: Worker, log: Logger) {
    this.#worker = worker
    this.herder = new StandaloneHerder({ worker, log })
  }

  /** Makes the worker; nothing is started. @throws ConfigException when its configuration cannot be used */
  static async create({ props, log }: StandaloneOptions): Promise<Standalone> {
    const plugins = await loadPlugins(pluginPath(props), log)
    const transformer = await ConfigTransformer.fromWorkerProps(props, (className) => plugins.load('config_provider', className), log)
    for (const { level, text } of unusedWorkerKeys(props)) log[level](text)
    const config = parseWorkerConfig(await transformer.transform(props))
    const kafka = createKafkaClients()
    const offsetStore = makeOffsetStore(config, kafka, log)
    return new Standalone(new Worker({ config, plugins, kafka, offsetStore, transformer, laneFile, log }), log)
  }

  /** Reads the stored offsets. @throws ConnectException when they cannot be read: then no source may run */
  async start(): Promise<void> {
    await this.#worker.start()
  }

  /** Stops connectors and tasks gracefully, then the offset store. */
  async stop(): Promise<void> {
    await this.herder.stop()
    await this.#worker.stop()
  }
}

/** Raw, as in Connect: `plugin.path` may hold no variable. */
function pluginPath(props: Props): string[] {
  const elements = parseList(props['plugin.path'] ?? '')
  return elements.filter((element) => element !== '')
}

function makeOffsetStore({ values, offsetStorage, originals }: WorkerConfig, kafka: KafkaClients, log: Logger): OffsetBackingStore {
  switch (offsetStorage.kind) {
    case 'memory':
      return new MemoryOffsetBackingStore()
    case 'file':
      return new FileOffsetBackingStore(offsetStorage.path, log)
    case 'topic':
      return new KafkaOffsetBackingStore({
        ...offsetStorage,
        isTransactional: isExactlyOnce(values),
        clients: kafka,
        adminProps: workerAdminProps(originals),
        producerProps: offsetProducerProps(originals, `${offsetStorage.topic}-offsets`),
        consumerProps: offsetConsumerProps(originals, `${offsetStorage.topic}-offsets`),
        log,
      })
  }
}
