/** The Elasticsearch sink inside a whole worker, between a real broker and a server that is seen through a proxy. Only for use inside vitest. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFailed, onTestFinished } from 'vitest'
import type { Logger } from '../../src/api/logger.ts'
import type { ConsumerRecord } from '../../src/kafka/ports.ts'
import type { TaskStatus } from '../../src/runtime/state.ts'
import { Standalone } from '../../src/standalone.ts'
import { ChaosProxy } from './fake-elasticsearch/chaos-proxy.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'
import { PATIENT_STOP } from './file-to-file.ts'
import { endOffset, firstRecords, produceAll, withAdmin, type TestInput } from './kafka-records.ts'
import { scratchDir, until } from './worker-process.ts'

const STRING = 'org.apache.kafka.connect.storage.StringConverter'
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter'

/** Class name everyone has in their property files. */
export const SINK_CLASS = 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector'

/**
 * Text keys, JSON values without schemas, and waits that do not slow a test; for the rest the defaults. A server that is slow for once is
 * waited for, since what is asked twice is counted twice.
 */
const BASE: Readonly<Record<string, string>> = {
  'connector.class': SINK_CLASS,
  'tasks.max': '1',
  'key.converter': STRING,
  'value.converter': JSON_CONVERTER,
  'value.converter.schemas.enable': 'false',
  'schema.ignore': 'true',
  'key.ignore': 'true',
  'linger.ms': '5',
  'retry.backoff.ms': '1',
  'connection.timeout.ms': '30000',
  'read.timeout.ms': '60000',
}

export const SCHEMA_VALUES: Readonly<Record<string, string>> = { 'value.converter.schemas.enable': 'true', 'schema.ignore': 'false' }

export interface StoredDocument {
  readonly version: number
  readonly source: unknown
}

export interface SinkOptions {
  /** Sink keys that differ from the base; null removes one. `<topic>` is the topic. */
  readonly config?: Readonly<Record<string, string | null>>
  /** In the topic before the sink starts. */
  readonly records?: readonly TestInput[]
  readonly worker?: Readonly<Record<string, string>>
  readonly partitions?: number
  readonly topic?: string
  /** Of the connector, and so of its group: a sink of the same name goes on where another stopped. */
  readonly name?: string
  /** In place of the one that the sink collects. */
  readonly log?: Logger
  /** Called when the proxy is there, before the sink is. */
  readonly before?: (sink: RunningSink) => Promise<void>
}

/** A worker with one sink on one topic, gone when the test ends. */
export class RunningSink {
  readonly kafka: string
  readonly topic: string
  readonly name: string
  readonly proxy: ChaosProxy
  readonly log: CollectingLogger
  /** The server itself, not the proxy. */
  readonly server: string
  readonly #standalone: Standalone

  constructor(parts: {
    readonly kafka: string
    readonly topic: string
    readonly name: string
    readonly proxy: ChaosProxy
    readonly log: CollectingLogger
    readonly server: string
    readonly standalone: Standalone
  }) {
    this.kafka = parts.kafka
    this.topic = parts.topic
    this.name = parts.name
    this.proxy = parts.proxy
    this.log = parts.log
    this.server = parts.server
    this.#standalone = parts.standalone
  }

  get tasks(): readonly TaskStatus[] {
    return this.#standalone.herder.connectorStatus(this.name).tasks
  }

  get task(): TaskStatus | undefined {
    return this.tasks[0]
  }

  get deadLetterTopic(): string {
    return `${this.topic}-dlq`
  }

  async start(config: Readonly<Record<string, string>>): Promise<void> {
    await this.#standalone.herder.putConnectorConfig(this.name, config)
  }

  async stop(): Promise<void> {
    await this.#standalone.stop()
  }

  produce(...records: readonly TestInput[]): Promise<void> {
    return produceAll(this.kafka, this.topic, records)
  }

  /** Waits until offsets up to here are committed in partition 0. @throws when the task fails before */
  async committed(offset: number, partition = 0): Promise<void> {
    await until(async () => {
      if (this.task?.state === 'FAILED') throw new Error(`The task failed before it committed ${offset}:\n${this.task.trace ?? ''}`)
      return (await this.offsets())[partition] === offset
    })
  }

  /** What the sink's group has committed of the topic, by partition. */
  async offsets(): Promise<Record<number, number>> {
    const offsets = await withAdmin(this.kafka, (admin) => admin.groupOffsets(`connect-${this.name}`))
    return Object.fromEntries(offsets.filter(({ topic }) => topic === this.topic).map(({ partition, offset }) => [partition, offset]))
  }

  /** @returns the trace, when the task has failed */
  async failed(): Promise<string> {
    await until(() => this.task?.state === 'FAILED')
    return this.task?.trace ?? ''
  }

  deadLetters(count: number): Promise<ConsumerRecord[]> {
    return firstRecords(this.kafka, this.deadLetterTopic, count)
  }

  deadLetterCount(): Promise<number> {
    return endOffset(this.kafka, this.deadLetterTopic, 0)
  }

  /** What the index holds, by id. */
  documents(index = this.topic): Promise<Record<string, StoredDocument>> {
    return documentsOf(this.server, index)
  }

  /** Bulk action lines the proxy has seen, parsed. */
  get actions(): Record<string, Record<string, unknown>>[] {
    return this.proxy.bulkLines.filter(isActionLine).map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>)
  }

  /** Method and path of all requests, without bulks and what asks who the server is. */
  get calls(): string[] {
    return this.proxy.requests
      .filter(({ path }) => !path.endsWith('/_bulk') && path !== '/')
      .map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)
  }
}

function isActionLine(line: string): boolean {
  return /^\{"(index|create|update|delete)":\{("_index"|"_id"|\})/.test(line)
}

/** Starts a worker and a sink in it that talks to the server through a proxy of its own. */
export async function startSink(kafka: string, server: string, options: SinkOptions = {}): Promise<RunningSink> {
  const topic = options.topic ?? `t-${randomUUID()}`
  const proxy = await ChaosProxy.start(server)
  onTestFinished(() => proxy.stop())
  const log = new CollectingLogger()
  onTestFailed(() => console.log([`Requests of the sink: ${proxy.requests.length}`, 'Its worker said:', ...log.lines].join('\n')))
  const standalone = await startWorker(kafka, options.log ?? log, options.worker ?? {})
  onTestFinished(() => standalone.stop())
  const sink = new RunningSink({ kafka, topic, name: options.name ?? `sink-${randomUUID()}`, proxy, log, server, standalone })
  await makeTopic(kafka, topic, options.partitions ?? 1)
  await options.before?.(sink)
  if (options.records !== undefined) await produceAll(kafka, topic, options.records)
  await sink.start(sinkConfig(sink, options.config ?? {}))
  return sink
}

async function startWorker(kafka: string, log: Logger, props: Readonly<Record<string, string>>): Promise<Standalone> {
  const standalone = await Standalone.create({
    props: {
      'bootstrap.servers': kafka,
      'key.converter': STRING,
      'value.converter': STRING,
      'offset.storage.file.filename': join(await scratchDir(), 'offsets'),
      'offset.flush.interval.ms': '100',
      'task.restart.max.attempts': '0',
      'task.isolation': 'inline',
      ...PATIENT_STOP,
      ...props,
    },
    log,
  })
  await standalone.start()
  return standalone
}

async function makeTopic(kafka: string, name: string, partitions: number): Promise<void> {
  await withAdmin(kafka, (admin) => admin.createTopics([{ name, partitions, replicationFactor: 1 }]))
}

function sinkConfig(sink: RunningSink, config: Readonly<Record<string, string | null>>): Record<string, string> {
  const all = { ...BASE, name: sink.name, topics: sink.topic, 'connection.url': sink.proxy.url, ...config }
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === null ? [] : [[key, value.replaceAll('<topic>', sink.topic)]])),
  )
}

/** Keys of a dead letter queue of the sink's own, and tolerance. */
export const DEAD_LETTERS: Readonly<Record<string, string>> = {
  'errors.tolerance': 'all',
  'errors.deadletterqueue.topic.name': '<topic>-dlq',
  'errors.deadletterqueue.topic.replication.factor': '1',
  'errors.deadletterqueue.context.headers.enable': 'true',
}

/** What an index holds now, by id; nothing when there is none. At most 10,000. */
export async function documentsOf(server: string, index: string): Promise<Record<string, StoredDocument>> {
  await ask(server, 'POST', `/${index}/_refresh`)
  let answer = await ask(server, 'GET', `/${index}/_search?size=10000&version=true`)
  while (answer.status === 503) {
    await delay(20) // the index is so new that its shards are not there yet
    answer = await ask(server, 'GET', `/${index}/_search?size=10000&version=true`)
  }
  if (answer.status === 404) return {}
  const { hits } = answer.body as { hits: { hits: { _id: string; _version: number; _source: unknown }[] } }
  return Object.fromEntries(hits.hits.map(({ _id, _version, _source }) => [_id, { version: _version, source: _source }]))
}

/** One request to a server, past the proxy. */
export async function ask(server: string, method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await fetch(server + path, { method, ...init })
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) }
}
