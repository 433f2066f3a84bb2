import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Props } from '../../../src/api/index.ts'
import { createKafkaClients } from '../../../src/kafka/kafka-clients.ts'
import type { Admin, KafkaClients, Producer } from '../../../src/kafka/ports.ts'
import { silentLogger } from '../../../src/logging/logger.ts'
import type { Herder } from '../../../src/runtime/herder.ts'
import { Standalone } from '../../../src/standalone.ts'
import { describeWithKafka } from '../services/suite.ts'
import { Scene } from './scene.ts'
import { StoryLog } from './story-log.ts'

export const hosts = ['inline', 'thread'] as const
export type Host = (typeof hosts)[number]

/**
 * Small intervals, so that stories are short, and long limits, so that a machine that stalls runs into none. A story that needs others has a
 * stage of its own.
 */
const workerProps: Props = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'offset.flush.interval.ms': '200',
  'offset.flush.timeout.ms': '30000',
  'task.shutdown.graceful.timeout.ms': '30000',
  'task.restart.max.attempts': '0',
  'plugin.path': dirname(fileURLToPath(import.meta.resolve('./plugins.ts'))),
}

const clients = createKafkaClients()

/** What one `describe` of stories shares: an embedded worker in one of the hosts, and clients of its own to look at Kafka. */
export class Stage {
  readonly host: Host
  readonly address: string
  readonly log: StoryLog
  readonly dir: string
  readonly herder: Herder
  readonly clients: KafkaClients = clients
  readonly admin: Admin
  readonly producer: Producer
  readonly topics = new Set<string>()
  readonly #worker: Standalone

  private constructor(parts: {
    host: Host
    address: string
    dir: string
    worker: Standalone
    admin: Admin
    producer: Producer
    log: StoryLog
  }) {
    this.host = parts.host
    this.address = parts.address
    this.dir = parts.dir
    this.#worker = parts.worker
    this.herder = parts.worker.herder
    this.admin = parts.admin
    this.producer = parts.producer
    this.log = parts.log
  }

  static async open(host: Host, address: string, props: Props): Promise<Stage> {
    const dir = await mkdtemp(join(tmpdir(), 'standpipe-stories-'))
    const log = new StoryLog()
    const worker = await Standalone.create({
      props: {
        ...workerProps,
        'bootstrap.servers': address,
        'task.isolation': host,
        'offset.storage.file.filename': join(dir, 'connect.offsets'),
        ...props,
      },
      log,
    })
    const admin = await clients.admin({ 'bootstrap.servers': address }, silentLogger)
    const producer = await clients.producer({ 'bootstrap.servers': address, 'linger.ms': '0' }, silentLogger)
    await worker.start()
    const stage = new Stage({ host, address, dir, worker, admin, producer, log })
    if (host === 'thread') await stage.#keepLanes()
    return stage
  }

  async close(): Promise<void> {
    await this.#worker.stop()
    await this.producer.close()
    if (this.topics.size > 0) await this.admin.deleteTopics([...this.topics])
    await this.admin.close()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** A lane ends with its last task and takes half a second to start: an idle task in each keeps them for the next story. */
  async #keepLanes(): Promise<void> {
    const name = 'keeps-lanes'
    const tasks = String(Math.max(2, availableParallelism()))
    await this.herder.putConnectorConfig(name, { name, 'connector.class': 'test.IdleSourceConnector', 'tasks.max': tasks })
  }
}

/** In place of `it`. */
export interface Story {
  /** @param timeoutMs of the story; default two minutes */
  (name: string, tell: (scene: Scene) => Promise<void>, timeoutMs?: number): void
  /** One story a row: `%s` in the name is the row's first member, the last is given to the story. */
  each<T>(rows: readonly (readonly [string, T])[]): (name: string, tell: (scene: Scene, row: T) => Promise<void>) => void
}

type Define = (story: Story, host: Host) => void

/**
 * Stories on the real broker, each told in both hosts, one after the other.
 * @param define gets `story`, in place of `it`
 * @param props further keys of the worker
 */
export function describeStories(title: string, props: Props, define: Define): void {
  tellStories(title, props, define, false)
}

/** The same for stories that do not mind each other: some are told at once, since most of them wait most of the time. */
export function describeConcurrentStories(title: string, props: Props, define: Define): void {
  tellStories(title, props, define, true)
}

function tellStories(title: string, props: Props, define: Define, concurrent: boolean): void {
  describeWithKafka(title, (address) => {
    describe.each(hosts)('%s', (host) => {
      let stage: Stage
      beforeAll(async () => {
        stage = await Stage.open(host, address, props)
      })
      afterAll(() => stage.close())
      const story = (name: string, tell: (scene: Scene) => Promise<void>, timeout = 120_000) =>
        it(name, { timeout, concurrent }, (test) => tell(new Scene(stage, test)))
      const each: Story['each'] = (rows) => (name, tell) => {
        for (const [what, row] of rows) story(name.replace('%s', what), (scene) => tell(scene, row))
      }
      define(Object.assign(story, { each }), host)
    })
  })
}
