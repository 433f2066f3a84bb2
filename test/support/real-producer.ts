import { onTestFinished } from 'vitest'
import { ClusterMetadata } from '../../src/kafka/cluster-metadata.ts'
import { parseProducerConfig } from '../../src/kafka/config/producer-config.ts'
import { KafkajsTransport } from '../../src/kafka/kafkajs/transport.ts'
import type { KafkaError } from '../../src/kafka/errors.ts'
import type { Delivery, InflightBytes, ProducerRecord, RecordHeader } from '../../src/kafka/ports.ts'
import { KafkaProducer } from '../../src/kafka/producer/producer.ts'
import { RetryBackoff } from '../../src/kafka/retry-backoff.ts'
import type { Channel, Transport } from '../../src/kafka/transport.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'

/** What Connect sets for its source tasks. */
export const CONNECT_PRESET = {
  acks: 'all',
  'max.in.flight.requests.per.connection': '1',
  'enable.idempotence': 'false',
  'delivery.timeout.ms': '2147483647',
  'max.block.ms': '9223372036854775807',
}

export interface ProducerUnderTest {
  readonly producer: KafkaProducer
  readonly log: CollectingLogger
}

export interface ProducerUnderTestOptions {
  /** Stands between the producer and its brokers. */
  readonly transport?: (inner: Transport) => Transport
  readonly random?: () => number
  readonly now?: () => number
  readonly clock?: () => number
  readonly inflight?: InflightBytes
}

/** A producer over real sockets, closed when the test ends. Quick retries, so that tests are. */
export function newProducer(
  address: string,
  props: Readonly<Record<string, string>> = {},
  { transport: wrap = (inner) => inner, ...options }: ProducerUnderTestOptions = {},
): ProducerUnderTest {
  const log = new CollectingLogger()
  const quick = { 'retry.backoff.ms': '10', 'retry.backoff.max.ms': '50', 'reconnect.backoff.ms': '10', 'reconnect.backoff.max.ms': '50' }
  const config = parseProducerConfig({ 'bootstrap.servers': address, ...quick, ...props }, log)
  const transport = wrap(
    new KafkajsTransport({
      bootstrapServers: config['bootstrap.servers'].map((server) => {
        const [host = '', port] = server.split(':')
        return { host, port: Number(port) }
      }),
      clientId: 'producer-under-test',
      requestTimeoutMs: config['request.timeout.ms'],
      connectTimeoutMs: 5000,
      connectTimeoutMaxMs: 5000,
      reconnectBackoffMs: config['reconnect.backoff.ms'],
      reconnectBackoffMaxMs: config['reconnect.backoff.max.ms'],
      maxIdleMs: 540_000,
      tls: null,
      sasl: null,
      log,
    }),
  )
  const metadata = new ClusterMetadata({
    transport,
    maxAgeMs: config['metadata.max.age.ms'],
    allowAutoTopicCreation: true,
    log,
    backoff: new RetryBackoff(config['retry.backoff.ms'], config['retry.backoff.max.ms']),
  })
  const producer = new KafkaProducer({ config, transport, metadata, log, ...options })
  onTestFinished(() => producer.close(0))
  return { producer, log }
}

type AroundExchange = <Response>(send: () => Promise<Response>) => Promise<Response>

/** Puts itself around every Produce request of a producer. */
export function aroundProduce(exchange: AroundExchange): (inner: Transport) => Transport {
  return aroundChannel('produce', exchange)
}

/** Puts itself around every request of one channel. */
export function aroundChannel(around: Channel, exchange: AroundExchange): (inner: Transport) => Transport {
  return (inner) => ({
    send: (node, channel, request, options) => {
      const send = () => inner.send(node, channel, request, options)
      return channel === around ? exchange(send) : send()
    },
    updateBrokers: (brokers) => inner.updateBrokers(brokers),
    brokers: () => inner.brokers(),
    version: (node, apiKey, min, max) => inner.version(node, apiKey, min, max),
    dropConnection: (node, channel) => inner.dropConnection(node, channel),
    close: () => inner.close(),
  })
}

/** A record that is its own delivery, as the runtime's are. */
export class TestRecord implements ProducerRecord, Delivery {
  readonly topic: string
  readonly partition: number | null
  readonly timestamp: number | null
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  delivery: { readonly partition: number; readonly offset: number; readonly timestamp: number } | null = null
  failure: KafkaError | null = null
  /** How often it was told anything. */
  told = 0
  readonly outcome = Promise.withResolvers<void>()

  constructor(
    topic: string,
    value: string | Buffer | null,
    rest: Partial<Omit<ProducerRecord, 'topic' | 'value' | 'key'>> & { key?: string | null } = {},
  ) {
    this.topic = topic
    this.partition = rest.partition ?? null
    this.timestamp = rest.timestamp ?? null
    this.key = rest.key === undefined || rest.key === null ? null : Buffer.from(rest.key)
    this.value = typeof value === 'string' ? Buffer.from(value) : value
    this.headers = rest.headers ?? []
  }

  delivered(partition: number, offset: number, timestamp: number): void {
    this.told++
    this.delivery = { partition, offset, timestamp }
    this.outcome.resolve()
  }

  failed(error: KafkaError): void {
    this.told++
    this.failure = error
    this.outcome.resolve()
  }
}

/** Sends in order, waiting where the producer wants it. */
export async function sendAll(producer: KafkaProducer, records: readonly TestRecord[]): Promise<void> {
  for (const record of records) await producer.send(record, record)
}
