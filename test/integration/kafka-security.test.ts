import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Admin, ClientProps, Producer } from '../../src/kafka/ports.ts'
import { CountingProxy } from '../support/counting-proxy.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { MECHANISMS, saslProps, SecureKafka, type ListenerName } from '../support/services/kafka-security.ts'
import { certificate } from '../support/services/postgresql-tls.ts'

let kafka: SecureKafka
const clients = createKafkaClients()

beforeAll(async () => {
  kafka = await SecureKafka.start()
})
afterAll(() => kafka.stop())

const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': certificate('ca') }

async function adminOf(listener: ListenerName, props: ClientProps, port = kafka.port(listener)): Promise<Admin> {
  const admin = await clients.admin({ 'bootstrap.servers': `127.0.0.1:${port}`, ...props }, new CollectingLogger())
  onTestFinished(() => admin.close())
  return admin
}

/** Lists topics once, through a proxy. @returns what it failed with, and how often it was connected to */
async function refusal(
  listener: ListenerName,
  props: ClientProps,
): Promise<{ error: Error & Record<string, unknown>; connections: number }> {
  const proxy = await CountingProxy.start(kafka.port(listener))
  const admin = await adminOf(listener, props, proxy.port)
  const error = await admin.listTopics().then(
    () => expect.unreachable('it was let in'),
    (failure: unknown) => failure as Error & Record<string, unknown>,
  )
  return { error, connections: proxy.opened }
}

describe('K38 SASL', () => {
  test.each(MECHANISMS)('%s lets the right secret in', async (mechanism) => {
    const admin = await adminOf('SASL', { 'security.protocol': 'SASL_PLAINTEXT', ...saslProps(mechanism, kafka.tokens) })
    expect(await admin.listTopics()).toBeDefined()
  })

  test.each(MECHANISMS)('%s over TLS lets the right secret in', async (mechanism) => {
    const admin = await adminOf('SASLTLS', { 'security.protocol': 'SASL_SSL', ...trust, ...saslProps(mechanism, kafka.tokens) })
    expect(await admin.listTopics()).toBeDefined()
  })

  test.each(MECHANISMS)('%s with a wrong secret is fatal at the first attempt', async (mechanism) => {
    const { error, connections } = await refusal('SASL', {
      'security.protocol': 'SASL_PLAINTEXT',
      ...saslProps(mechanism, kafka.tokens, 'no-secret'),
    })
    console.log(mechanism, connections, error.message)
    expect(error).toMatchObject({ auth: true, retriable: false })
    expect(connections).toBeLessThanOrEqual(1)
  })
})
