import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kafka, logLevel, type SASLOptions } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { startBroker, type TestBroker } from '../../src/testing.ts'
import { JavaToolRunner } from '../support/services/java-tool-runner.ts'
import { kcat } from '../support/services/kcat.ts'
import { propertiesFile, scratchDir } from '../support/worker-process.ts'

const stores = join(import.meta.dirname, '..', 'support', 'key-stores')
const ca = join(stores, 'ca.pem')
const jaas = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_ann="ann-secret" user_bob="b,=b";'

const LISTENERS = ['SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']

/** Listener and mechanism; null: none. */
const WAYS: readonly (readonly [string, string | null])[] = [
  ['SSL', null],
  ...MECHANISMS.flatMap((mechanism) => [['SASL_PLAINTEXT', mechanism] as const, ['SASL_SSL', mechanism] as const]),
]

/** Keys of Java's clients and of ours. */
function clientProps(listener: string, mechanism: string | null, password: string): Record<string, string> {
  const module = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule'
  return {
    'security.protocol': listener,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': ca,
    ...(mechanism === null
      ? {}
      : {
          'sasl.mechanism': mechanism,
          'sasl.jaas.config': `org.apache.kafka.common.security.${module} required username="bob" password="${password}";`,
        }),
  }
}

describe('the embedded broker’s listeners with TLS and SASL', () => {
  let broker: TestBroker
  let tools: JavaToolRunner | null = null
  beforeAll(async () => {
    broker = await startBroker({
      topics: ['orders'],
      properties: {
        listeners: ['PLAINTEXT', ...LISTENERS].map((name) => `${name}://127.0.0.1:0`).join(','),
        'ssl.keystore.location': join(stores, 'server.pem'),
        'listener.name.sasl_plaintext.plain.sasl.jaas.config': jaas,
        'listener.name.sasl_ssl.plain.sasl.jaas.config': jaas,
        'sasl.enabled.mechanisms': MECHANISMS.join(','),
      },
    })
  })
  afterAll(async () => {
    await tools?.stop()
    await broker.stop()
  })

  function kcatArguments(listener: string, mechanism: string | null): string[] {
    const sasl = { 'sasl.mechanisms': mechanism ?? '', 'sasl.username': 'bob', 'sasl.password': 'b,=b' }
    const settings = { 'security.protocol': listener, 'ssl.ca.location': ca, ...(mechanism === null ? {} : sasl) }
    return Object.entries(settings).flatMap(([key, value]) => ['-X', `${key}=${value}`])
  }

  // librdkafka 2.0.2 repeats its SCRAM nonce wrongly, which Apache Kafka 4.3.1 refuses, too.
  it.each(WAYS.filter(([, mechanism]) => mechanism === null || mechanism === 'PLAIN'))(
    'serve kcat by %s, %s',
    async (listener, mechanism) => {
      const address = broker.addresses.get(listener)!
      const listed = await kcat(address, [...kcatArguments(listener, mechanism), '-L', '-t', 'orders'])
      expect(listed.toString()).toContain(`broker 1 at ${address}`)
    },
  )

  it.each(WAYS)('serve our client by %s, %s', async (listener, mechanism) => {
    const props = { 'bootstrap.servers': broker.addresses.get(listener)!, ...clientProps(listener, mechanism, 'b,=b') }
    const admin = await createKafkaClients().admin(props, silentLogger)
    onTestFinished(() => admin.close())
    expect(await admin.listTopics()).toContain('orders')
  })

  it.each(WAYS)('serve kafkajs by %s, %s', async (listener, mechanism) => {
    const sasl =
      mechanism === null ? {} : { sasl: { mechanism: mechanism.toLowerCase(), username: 'bob', password: 'b,=b' } as SASLOptions }
    const ssl = listener === 'SASL_PLAINTEXT' ? {} : { ssl: { ca: readFileSync(ca, 'utf8') } }
    const admin = new Kafka({ brokers: [broker.addresses.get(listener)!], logLevel: logLevel.NOTHING, ...ssl, ...sasl }).admin()
    await admin.connect()
    onTestFinished(() => admin.disconnect())
    expect(await admin.listTopics()).toContain('orders')
  })

  it.each(WAYS)('serve Java’s clients by %s, %s', async (listener, mechanism) => {
    const config = await propertiesFile(await scratchDir(), 'client.properties', clientProps(listener, mechanism, 'b,=b'))
    tools ??= await JavaToolRunner.start()
    const args = ['--bootstrap-server', broker.addresses.get(listener)!, '--command-config', config, '--list']
    expect(await tools.run('org.apache.kafka.tools.TopicCommand', args)).toMatchObject({ code: 0, output: 'orders\n' })
  })

  it.each(WAYS.filter(([, mechanism]) => mechanism !== null))('refuse a wrong password by %s, %s, at once', async (listener, mechanism) => {
    const props = { 'bootstrap.servers': broker.addresses.get(listener)!, ...clientProps(listener, mechanism, 'wrong') }
    const admin = await createKafkaClients().admin(props, silentLogger)
    onTestFinished(() => admin.close())
    await expect(admin.listTopics()).rejects.toMatchObject({ auth: true })
  })

  it('read users from a file of theirs', async () => {
    const file = join(await scratchDir(), 'users')
    await writeFile(file, 'bob=from-file\n')
    await using other = await startBroker({ properties: { listeners: 'SASL_PLAINTEXT://127.0.0.1:0', 'sasl.users.file': file } })
    const props = { 'bootstrap.servers': other.address, ...clientProps('SASL_PLAINTEXT', 'SCRAM-SHA-256', 'from-file') }
    const admin = await createKafkaClients().admin(props, silentLogger)
    onTestFinished(() => admin.close())
    expect(await admin.listTopics()).toEqual([])
  })
})
