import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { KafkaError } from '../../src/kafka/errors.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Consumer, Delivery, Producer, ProducerRecord } from '../../src/kafka/ports.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { noCallbacks } from '../support/no-callbacks.ts'
import { MECHANISMS, saslProps, SCRAM_PASSWORD, SecureKafka, type Mechanism } from '../support/services/kafka-security.ts'
import { describeWithApacheKafka, START_TIMEOUT_MS } from '../support/services/suite.ts'

/** Four sessions of 5 s. */
const RUN_MS = 20_000
/** A broker that stands still for longer than the second that is left of a session rightly ends the connection: not three times. */
const UNLESS_STALLED = { retry: 2 }

let kafka: SecureKafka
const clients = createKafkaClients()

await describeWithApacheKafka('sessions that end', () => {
  beforeAll(async () => {
    kafka = await SecureKafka.start()
  }, START_TIMEOUT_MS)
  afterAll(() => kafka.stop())

  test('K38 a producer and a consumer work over four sessions of 5 s: no error, nothing lost, no reconnect', UNLESS_STALLED, async () => {
    kafka.tokens.lifetimeSeconds = 6
    const proxy = kafka.proxy('SHORT')
    const pipes = await Promise.all(MECHANISMS.map((mechanism) => Pipe.open(mechanism)))
    let end = Infinity
    const running = pipes.map((pipe) => pipe.run(() => performance.now() >= end))
    await expect.poll(() => pipes.every(({ read }) => read.length > 0)).toBe(true)
    end = performance.now() + RUN_MS
    const { opened, closedByServer } = proxy
    kafka.tokens.faults.push({ status: 503, body: 'busy' }, { status: 503, body: 'busy' })
    await Promise.all(running)

    for (const { sent, read, failures, log } of pipes) {
      expect(failures).toEqual([])
      expect(read).toEqual(Array.from({ length: sent }, (_, index) => index))
      expect(log.lines.filter((line) => /Disconnected|could not|again|failed/.test(line))).toEqual([])
    }
    expect(proxy.opened).toBe(opened)
    expect(proxy.closedByServer).toBe(closedByServer)
    expect(kafka.tokens.issued.length).toBeGreaterThanOrEqual(6) // two clients, each with new tokens
  })

  test('K38 a user whose password was changed is told so at the end of the session, and not tried again', async () => {
    onTestFinished(() => kafka.setPassword('SCRAM-SHA-256', SCRAM_PASSWORD))
    const pipe = await Pipe.open('SCRAM-SHA-256')
    let isOver = false
    const running = pipe.run(() => isOver)
    await expect.poll(() => pipe.read.length).toBeGreaterThan(0)
    await kafka.setPassword('SCRAM-SHA-256', 'another-secret')
    await expect.poll(() => pipe.failures.length).toBeGreaterThan(0)
    const opened = kafka.proxy('SHORT').opened
    isOver = true
    await running
    expect(pipe.failures.join('\n')).toContain('Authentication with SCRAM-SHA-256 failed')
    expect(pipe.failures.join('\n')).toContain('due to invalid credentials')
    expect(kafka.proxy('SHORT').opened - opened).toBeLessThanOrEqual(4) // at most once for each channel
  })
})

/** Sends numbers to a topic of its own, reads them in a group and commits. */
class Pipe {
  readonly mechanism: Mechanism
  readonly log = new CollectingLogger()
  readonly failures: string[] = []
  readonly read: number[] = []
  sent = 0
  readonly #topic = `reauth-${randomUUID()}`
  #producer!: Producer
  #consumer!: Consumer

  private constructor(mechanism: Mechanism) {
    this.mechanism = mechanism
  }

  static async open(mechanism: Mechanism): Promise<Pipe> {
    const pipe = new Pipe(mechanism)
    const props = {
      'bootstrap.servers': kafka.address('SHORT'),
      'security.protocol': 'SASL_PLAINTEXT',
      ...saslProps(mechanism, kafka.tokens),
    }
    pipe.#producer = await clients.producer({ ...props, 'linger.ms': '0' }, pipe.log)
    onTestFinished(() => pipe.#producer.close(0))
    pipe.#consumer = await clients.consumer(
      { ...props, 'group.id': randomUUID(), 'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false' },
      pipe.log,
    )
    onTestFinished(() => pipe.#consumer.close(5000))
    return pipe
  }

  async run(isOver: () => boolean): Promise<void> {
    await this.#send()
    this.#consumer.subscribe([this.#topic], noCallbacks)
    const reading = this.#readAll(isOver)
    while (!isOver()) {
      for (let count = 0; count < 20; count++) await this.#send()
      await sleep(5)
    }
    await this.#producer.flush()
    await reading
  }

  async #send(): Promise<void> {
    const value = Buffer.from(String(this.sent++))
    const record: ProducerRecord = { topic: this.#topic, partition: 0, timestamp: null, key: null, value, headers: [] }
    const delivery: Delivery = { delivered: () => undefined, failed: (error: KafkaError) => this.failures.push(error.message) }
    await this.#producer.send(record, delivery)
  }

  async #readAll(isOver: () => boolean): Promise<void> {
    try {
      while (!isOver() || (this.read.length < this.sent && this.failures.length === 0)) {
        for (const { topic, partition, records } of await this.#consumer.poll(200)) {
          for (const { value } of records) this.read.push(Number(String(value)))
          await this.#consumer.commit([{ topic, partition, offset: records.at(-1)!.offset + 1 }])
        }
      }
    } catch (error) {
      this.failures.push(String(error))
    }
  }
}
