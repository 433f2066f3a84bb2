import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestContext } from 'vitest'
import type { Props, TopicPartition } from '../../../src/api/index.ts'
import type { ConsumerRecord, RecordHeader } from '../../../src/kafka/ports.ts'
import { silentLogger } from '../../../src/logging/logger.ts'
import type { TargetState } from '../../../src/runtime/state.ts'
import { observableKeys } from './dialogue.ts'
import type { Script } from './director.ts'
import { ObservedConnector } from './observed-connector.ts'
import type { Host, Stage } from './stage.ts'

/** What one story has: topics, connectors, and what can be seen of them. Everything it makes goes when the story ends. */
export class Scene {
  readonly stage: Stage
  readonly host: Host
  readonly #test: TestContext

  constructor(stage: Stage, test: TestContext) {
    this.stage = stage
    this.host = stage.host
    this.#test = test
  }

  /** A new topic's name. */
  async topic(partitions = 1, configs: Readonly<Record<string, string>> = {}, name = this.name('story')): Promise<string> {
    this.stage.topics.add(name)
    const created = (await this.stage.admin.createTopics([{ name, partitions, replicationFactor: 1, configs }])).get(name)
    if (created instanceof Error) throw created
    return name
  }

  /** A name nobody else uses; a topic of this name, if it comes to be, is deleted in the end. */
  name(prefix: string): string {
    const name = `${prefix}-${randomUUID()}`
    this.stage.topics.add(name)
    return name
  }

  /** These topics come to be in the story, and go with it. */
  adopt(...topics: readonly string[]): void {
    for (const topic of topics) this.stage.topics.add(topic)
  }

  async partitionsOf(topic: string): Promise<number> {
    const found = (await this.stage.admin.describeTopics([topic])).get(topic)
    return found === undefined || found instanceof Error ? 0 : found.partitions.length
  }

  /** Sends values to a topic, in one batch a partition, and waits until Kafka has them. */
  async produce(
    topic: string,
    values: readonly (string | null)[],
    { partition = 0, key = null, headers = [] }: { partition?: number; key?: string | null; headers?: readonly RecordHeader[] } = {},
  ): Promise<void> {
    const outcomes = values.map(() => Promise.withResolvers<void>())
    for (const [index, value] of values.entries()) {
      const { resolve, reject } = outcomes[index]!
      const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
      await this.stage.producer.send(
        { topic, partition, timestamp: null, key: bytes(key), value: bytes(value), headers },
        { delivered: () => resolve(), failed: reject },
      )
    }
    await Promise.all(outcomes.map(({ promise }) => promise))
  }

  /**
   * A sink on a topic that already holds `values`, so that they come in one batch.
   * @param options.config further keys; `topics` replaces the topic
   */
  async sink(
    script: Script,
    options: {
      readonly values?: readonly (string | null)[]
      readonly partitions?: number
      readonly config?: Props
      readonly topic?: string
      readonly initialState?: TargetState
    } = {},
  ): Promise<ObservedConnector> {
    const topic = options.topic ?? (await this.topic(options.partitions))
    if (options.values !== undefined) await this.produce(topic, options.values)
    const config = { ...this.sinkProps(topic, options.config), ...options.config }
    return this.connector(script, topic, config, options.initialState)
  }

  /** What an observable sink on a topic is configured with. */
  sinkProps(topic: string, config: Props = {}): Props {
    return {
      'connector.class': 'test.ObservableSinkConnector',
      'consumer.override.heartbeat.interval.ms': '100',
      'consumer.override.fetch.max.wait.ms': '50',
      'errors.deadletterqueue.topic.replication.factor': '1',
      ...(config['topics.regex'] === undefined ? { topics: topic } : {}),
    }
  }

  /** A source for one topic, which is there. It emits what `ObservedConnector.emit` gives it, unless its script has a `poll`. */
  async source(
    script: Script = {},
    options: {
      readonly partitions?: number
      readonly config?: Props
      readonly topic?: string
      readonly initialState?: TargetState
    } = {},
  ): Promise<ObservedConnector> {
    const topic = options.topic ?? (await this.topic(options.partitions))
    const config = { 'connector.class': 'test.ObservableSourceConnector', ...options.config }
    return this.connector(script, topic, config, options.initialState)
  }

  async connector(script: Script, topic: string, config: Props, initialState?: TargetState): Promise<ObservedConnector> {
    const connector = this.uncreated(script, topic, config)
    await connector.create(initialState)
    return connector
  }

  /** A connector that the story creates itself, or cannot. */
  uncreated(script: Script, topic: string, config: Props): ObservedConnector {
    const name = `c-${randomUUID().slice(0, 13)}`
    const connector = new ObservedConnector(this, name, topic, script, { name, [observableKeys.story]: name, ...config })
    this.#test.onTestFailed(() => console.error(`[${this.host}] ${this.#test.task.name}\n${connector.story()}`))
    this.#test.onTestFinished(() => connector.leave())
    return connector
  }

  /** The first records of a topic's partition 0, waiting until there are so many. */
  async records(topic: string, count: number): Promise<readonly ConsumerRecord[]> {
    const consumer = await this.stage.clients.consumer(
      { 'bootstrap.servers': this.stage.address, 'auto.offset.reset': 'earliest', 'fetch.max.wait.ms': '50' },
      silentLogger,
    )
    try {
      consumer.assign([{ topic, partition: 0 }])
      const records: ConsumerRecord[] = []
      await this.until(async () => {
        for (const polled of await consumer.poll(100)) records.push(...polled.records)
        return records.length >= count
      })
      return records
    } finally {
      await consumer.close()
    }
  }

  /** How many records partition 0 of a topic has had. */
  async endOffset(topic: string): Promise<number> {
    const [offset] = await this.stage.admin.listOffsets([{ topic, partition: 0, spec: 'latest' }])
    return offset ?? 0
  }

  /** The values of the first records of a topic. */
  async values(topic: string, count: number): Promise<readonly (string | null)[]> {
    return (await this.records(topic, count)).map(({ value }) => value?.toString() ?? null)
  }

  /** A second member of a sink's group, which takes its share until it is closed. */
  async rival(connector: ObservedConnector): Promise<{ readonly assigned: () => readonly TopicPartition[]; leave(): Promise<void> }> {
    const consumer = await this.stage.clients.consumer(
      {
        'bootstrap.servers': this.stage.address,
        'group.id': connector.group,
        'auto.offset.reset': 'earliest',
        'heartbeat.interval.ms': '100',
        'fetch.max.wait.ms': '50',
      },
      silentLogger,
    )
    const nothing = () => Promise.resolve()
    consumer.subscribe([connector.topic], { onPartitionsAssigned: nothing, onPartitionsRevoked: nothing, onPartitionsLost: nothing })
    let gone = false
    const polling = (async () => {
      while (!gone) await consumer.poll(100)
      await consumer.close()
    })()
    const leave = async () => {
      gone = true
      await polling
    }
    this.#test.onTestFinished(leave)
    return { assigned: () => consumer.assignment(), leave }
  }

  /** Waits for what only asking can tell. */
  async until(condition: () => boolean | Promise<boolean>, patienceMs = 45_000): Promise<void> {
    const end = Date.now() + patienceMs
    while (!(await condition())) {
      if (Date.now() > end) throw new Error(`Waited ${patienceMs} ms for ${String(condition)}`)
      await delay(10)
    }
  }
}
