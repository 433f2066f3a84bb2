import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Logger } from '../../src/api/logger.ts'
import type { KafkaError } from '../../src/kafka/errors.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import type { Admin, ClientProps, Delivery } from '../../src/kafka/ports.ts'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { noCallbacks } from '../support/no-callbacks.ts'
import { eachReachable } from '../support/reachable-objects.ts'
import { MECHANISMS, PASSWORD, saslProps, SCRAM_PASSWORD, SecureKafka, type ListenerName } from '../support/services/kafka-security.ts'
import { certificate } from '../support/services/postgresql-tls.ts'
import { describeWithApacheKafka, START_TIMEOUT_MS } from '../support/services/suite.ts'
import { TokenEndpoint } from '../support/services/token-endpoint.ts'

let kafka: SecureKafka
const clients = createKafkaClients()

const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': certificate('ca') }

async function adminOf(listener: ListenerName, props: ClientProps, log = new CollectingLogger()): Promise<Admin> {
  const admin = await clients.admin({ 'bootstrap.servers': kafka.address(listener), ...props }, log)
  onTestFinished(() => admin.close())
  return admin
}

/** Lists topics once. @returns what it failed with, and how often it was connected to */
async function refusal(
  listener: ListenerName,
  props: ClientProps,
): Promise<{ error: Error & Record<string, unknown>; connections: number }> {
  const admin = await adminOf(listener, props)
  const before = kafka.proxy(listener).opened
  const error = await admin.listTopics().then(
    () => expect.unreachable('it was let in'),
    (failure: unknown) => failure as Error & Record<string, unknown>,
  )
  return { error, connections: kafka.proxy(listener).opened - before }
}

const store = (name: string): string => fileURLToPath(new URL(`../support/key-stores/${name}`, import.meta.url))
const TLS = { 'security.protocol': 'SSL' }

function inlinePem(): ClientProps {
  const [, key = '', chain = ''] =
    /(-----BEGIN PRIVATE KEY[\s\S]+?PRIVATE KEY-----)([\s\S]+)/.exec(readFileSync(store('client.pem'), 'utf8')) ?? []
  return { 'ssl.keystore.type': 'PEM', 'ssl.keystore.key': key, 'ssl.keystore.certificate.chain': chain }
}

await describeWithApacheKafka('Kafka clients and security', () => {
  beforeAll(async () => {
    kafka = await SecureKafka.start()
  }, START_TIMEOUT_MS)
  afterAll(() => kafka.stop())

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
      expect(error).toMatchObject({ auth: true, retriable: false })
      expect(connections).toBeLessThanOrEqual(1)
    })
  })

  describe('K38 TLS', () => {
    test.each([
      ['a PEM file', { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': store('ca.pem') }],
      [
        'PEM in a property',
        { 'ssl.truststore.type': 'PEM', 'ssl.truststore.certificates': readFileSync(store('ca.pem'), 'utf8').replaceAll('\n', ' ') },
      ],
      ['JKS', { 'ssl.truststore.location': store('trust.jks'), 'ssl.truststore.password': 'changeit' }],
      ['JKS without its password', { 'ssl.truststore.location': store('trust.jks') }],
      ['PKCS12', { 'ssl.truststore.type': 'PKCS12', 'ssl.truststore.location': store('trust.p12'), 'ssl.truststore.password': 'changeit' }],
      [
        'PKCS12 declared as JKS',
        { 'ssl.truststore.type': 'JKS', 'ssl.truststore.location': store('trust.p12'), 'ssl.truststore.password': 'changeit' },
      ],
      ['the broker’s own certificate, which is no root', { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': store('server.pem') }],
    ])('trusts the broker by %s', async (_name, props) => {
      const admin = await adminOf('TLS', { ...TLS, ...props })
      expect(await admin.listTopics()).toBeDefined()
    })

    test('the host name is not checked when told so, the chain is', async () => {
      const admin = await adminOf('STRANGER', { ...TLS, ...trust, 'ssl.endpoint.identification.algorithm': '' })
      expect(await admin.listTopics()).toBeDefined()
      const { error } = await refusal('EXPIRED', { ...TLS, ...trust, 'ssl.endpoint.identification.algorithm': '' })
      expect(error).toMatchObject({ auth: true, retriable: false })
    })

    test('goes by a cipher suite of Java’s name', async () => {
      const suites = { 'ssl.enabled.protocols': 'TLSv1.2', 'ssl.cipher.suites': 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384' }
      const admin = await adminOf('TLS', { ...TLS, ...trust, ...suites })
      expect(await admin.listTopics()).toBeDefined()
    })

    test.each([
      ['of an authority that is not trusted', 'TLS', { 'ssl.truststore.location': store('expired-ca.pem') }, 'unable to'],
      ['of an authority that Node does not know', 'TLS', {}, 'unable to'],
      ['for another host', 'STRANGER', trust, "IP: 127.0.0.1 is not in the cert's list"],
      ['that has expired', 'EXPIRED', { 'ssl.truststore.location': store('expired-ca.pem') }, 'certificate has expired'],
    ] as const)('a certificate %s is fatal at the first attempt', async (_name, listener, props, reason) => {
      const { error, connections } = await refusal(listener, { ...TLS, ...props })
      expect(error).toMatchObject({ auth: true, retriable: false, code: 'SSL_AUTHENTICATION_FAILED' })
      expect(error.message).toContain(reason)
      expect(connections).toBe(1)
    })
  })

  describe('K38 mutual TLS', () => {
    test.each([
      ['PEM', { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': store('client.pem') }],
      [
        'PEM with an encrypted key',
        { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': store('client-encrypted.pem'), 'ssl.key.password': 'key-secret' },
      ],
      ['PEM in properties', inlinePem()],
      ['PKCS12', { 'ssl.keystore.type': 'PKCS12', 'ssl.keystore.location': store('client.p12'), 'ssl.keystore.password': 'changeit' }],
      ['JKS', { 'ssl.keystore.location': store('client.jks'), 'ssl.keystore.password': 'changeit', 'ssl.key.password': 'key-secret' }],
    ])('shows the client’s certificate from %s', async (_name, props) => {
      const admin = await adminOf('MUTUAL', { ...TLS, ...trust, ...props })
      expect(await admin.listTopics()).toBeDefined()
    })

    test.each([
      ['no certificate', {}],
      ['a certificate of another authority', { 'ssl.keystore.location': store('expired.pem') }],
    ])('%s is fatal at the first attempt, on TLS 1.3 and 1.2', async (_name, props) => {
      for (const version of ['TLSv1.3', 'TLSv1.2']) {
        const { error, connections } = await refusal('MUTUAL', { ...TLS, ...trust, ...props, 'ssl.enabled.protocols': version })
        expect(error).toMatchObject({ auth: true, retriable: false })
        expect(connections).toBe(1)
      }
    })
  })

  describe('K38 a running client that is refused', () => {
    const wrong = { 'security.protocol': 'SASL_PLAINTEXT', 'reconnect.backoff.ms': '1', 'retry.backoff.ms': '1' }
    const reason = 'Authentication failed: Invalid username or password'

    test('producer: the record fails with the broker’s reason, and nobody tries on', async () => {
      const proxy = kafka.proxy('SASL')
      const before = proxy.opened
      const props = { 'bootstrap.servers': kafka.address('SASL'), ...wrong, ...saslProps('PLAIN', kafka.tokens, 'no-secret') }
      const producer = await clients.producer(props, new CollectingLogger())
      onTestFinished(() => producer.close(0))
      const failures: KafkaError[] = []
      const delivery: Delivery = { delivered: () => undefined, failed: (error) => failures.push(error) }
      await producer.send({ topic: 'any', partition: null, timestamp: null, key: null, value: Buffer.from('v'), headers: [] }, delivery)
      await producer.flush()
      expect(failures).toMatchObject([{ auth: true, retriable: false }])
      expect(failures[0]!.message).toContain(reason)
      await sleep(1000)
      expect(proxy.opened - before).toBe(1)
    })

    test('consumer: poll rejects with the broker’s reason, and nobody tries on', async () => {
      const proxy = kafka.proxy('SASL')
      const before = proxy.opened
      const props = {
        'bootstrap.servers': kafka.address('SASL'),
        'group.id': 'g',
        ...wrong,
        ...saslProps('PLAIN', kafka.tokens, 'no-secret'),
      }
      const consumer = await clients.consumer(props, new CollectingLogger())
      onTestFinished(() => consumer.close(0))
      consumer.subscribe(['any'], noCallbacks)
      await expect(consumer.poll(60_000)).rejects.toMatchObject({
        auth: true,
        retriable: false,
        message: expect.stringContaining(reason) as string,
      })
      await sleep(1000)
      expect(proxy.opened - before).toBe(1)
    })
  })

  describe('K38 the wrong kind of port', () => {
    test('a mechanism that the listener does not have is told with those that it has', async () => {
      const { error, connections } = await refusal('PLAINONLY', {
        'security.protocol': 'SASL_PLAINTEXT',
        ...saslProps('SCRAM-SHA-256', kafka.tokens),
      })
      expect(error).toMatchObject({ auth: true, code: 'UNSUPPORTED_SASL_MECHANISM' })
      expect(error.message).toContain('it does not offer SCRAM-SHA-256, only PLAIN')
      expect(connections).toBe(1)
    })

    test('SASL on a port without it says to check security.protocol', async () => {
      const props = {
        'bootstrap.servers': kafka.broker.address,
        'security.protocol': 'SASL_PLAINTEXT',
        ...saslProps('PLAIN', kafka.tokens),
      }
      const admin = await clients.admin(props, new CollectingLogger())
      onTestFinished(() => admin.close())
      await expect(admin.listTopics()).rejects.toThrow(/The port may not use SASL: check security.protocol/)
    })
  })

  describe('K38 OAUTHBEARER', () => {
    const props = (): ClientProps => ({
      'security.protocol': 'SASL_PLAINTEXT',
      ...saslProps('OAUTHBEARER', kafka.tokens),
      'sasl.login.retry.backoff.ms': '10',
      'sasl.login.retry.backoff.max.ms': '300',
    })

    test('asks for the scope of the login line, with the client’s credentials', async () => {
      await (await adminOf('SASL', props())).listTopics()
      expect(kafka.tokens.requests.at(-1)).toBe('grant_type=client_credentials&scope=kafka')
    })

    test('takes client id and secret from keys of their own, too', async () => {
      const jaas = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;'
      const keys = {
        'sasl.jaas.config': jaas,
        'sasl.oauthbearer.client.credentials.client.id': TokenEndpoint.clientId,
        'sasl.oauthbearer.client.credentials.client.secret': TokenEndpoint.clientSecret,
      }
      expect(await (await adminOf('SASL', { ...props(), ...keys })).listTopics()).toBeDefined()
    })

    test('a token that the broker does not accept is fatal with the broker’s JSON in words', async () => {
      kafka.tokens.audience = 'someone-else'
      onTestFinished(() => void (kafka.tokens.audience = TokenEndpoint.audience))
      const { error, connections } = await refusal('SASL', props())
      expect(error).toMatchObject({ auth: true, retriable: false })
      expect(error.message).toContain('Authentication with OAUTHBEARER failed')
      expect(error.message).toContain('status: invalid_token')
      expect(connections).toBe(1)
    })

    test('an endpoint that is busy is asked again', async () => {
      kafka.tokens.faults.push({ status: 503, body: 'busy' }, { status: 429, body: '' })
      expect(await (await adminOf('SASL', props())).listTopics()).toBeDefined()
    })

    test('an expired token is refused here, before a broker is asked', async () => {
      kafka.tokens.lifetimeSeconds = -10
      onTestFinished(() => void (kafka.tokens.lifetimeSeconds = 3600))
      const { error, connections } = await refusal('SASL', props())
      expect(error).toMatchObject({
        auth: true,
        retriable: false,
        message: expect.stringContaining('The OAuth token expired on') as string,
      })
      expect(connections).toBe(0)
    })

    test('a token that nobody signed lets in where brokers allow that, with a warning', async () => {
      const log = new CollectingLogger()
      const jaas = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="me";'
      const keys = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'OAUTHBEARER', 'sasl.jaas.config': jaas }
      expect(await (await adminOf('UNSECURED', keys, log)).listTopics()).toBeDefined()
      expect(log.lines.join('\n')).toContain('makes its own OAuth token, which nobody signs')
    })
  })

  describe('K47 secrets', () => {
    /** Every line at every level, with what is logged beside it. */
    class CompleteLogger implements Logger {
      readonly lines: string[] = []
      trace = (...parts: unknown[]): void => this.#add(parts)
      debug = (...parts: unknown[]): void => this.#add(parts)
      info = (...parts: unknown[]): void => this.#add(parts)
      warn = (...parts: unknown[]): void => this.#add(parts)
      error = (...parts: unknown[]): void => this.#add(parts)
      child = (): Logger => this

      #add(parts: unknown[]): void {
        this.lines.push(parts.map((part) => shown(part)).join(' '))
      }
    }

    const shown = (value: unknown): string => inspect(value, { depth: 6, showHidden: true, maxStringLength: null, maxArrayLength: 1000 })

    /** Secrets as texts, and as bytes would be shown. */
    function signsOf(...secrets: readonly string[]): string[] {
      return secrets.flatMap((secret) => [
        secret,
        Buffer.from(secret).toString('base64'),
        Buffer.from(secret)
          .toString('hex')
          .replaceAll(/(..)(?!$)/g, '$1 '),
      ])
    }

    const identity = {
      'ssl.keystore.location': store('client.jks'),
      'ssl.keystore.password': 'changeit',
      'ssl.key.password': 'key-secret',
      'ssl.truststore.location': store('trust.p12'),
      'ssl.truststore.password': 'changeit',
    }

    test.each([...MECHANISMS])('of %s and of stores are in no line, no error and no object of a client', async (mechanism) => {
      for (const secret of [undefined, 'no-secret']) {
        const log = new CompleteLogger()
        const props = {
          'bootstrap.servers': kafka.address('SASLTLS'),
          'security.protocol': 'SASL_SSL',
          ...identity,
          ...saslProps(mechanism, kafka.tokens, secret),
        }
        const known = ['changeit', 'key-secret', 'no-secret', PASSWORD, SCRAM_PASSWORD, TokenEndpoint.clientSecret, ...kafka.tokens.issued]
        const key = /PRIVATE KEY-----\n(.{30})/.exec(readFileSync(store('client.pem'), 'utf8'))![1]!
        const admin = await clients.admin(props, log)
        const producer = await clients.producer(props, log)
        const consumer = await clients.consumer({ ...props, 'group.id': 'secrets' }, log)
        onTestFinished(async () => {
          await Promise.all([admin.close(), producer.close(0), consumer.close(0)])
        })
        consumer.assign([{ topic: 'any', partition: 0 }])
        const outcomes = await Promise.allSettled([admin.listTopics(), producer.partitionsFor('any'), consumer.poll(100)])
        const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []))
        expect(errors.length > 0).toBe(secret !== undefined)

        const signs = [...signsOf(...known, ...kafka.tokens.issued), key]
        const texts = [...log.lines, ...errors.map((error) => `${shown(error)}\n${error.stack ?? ''}\n${JSON.stringify(error)}`)]
        expect(texts.filter((text) => signs.some((sign) => text.includes(sign)))).toEqual([])
        const leaks: string[] = []
        const count = eachReachable({ admin, producer, consumer, errors }, (object, path) => {
          const text = inspect(object, { depth: 1, showHidden: true, maxStringLength: null, maxArrayLength: 1000 })
          if (signs.some((sign) => text.includes(sign))) leaks.push(`${path}: ${text.slice(0, 200)}`)
        })
        expect(leaks).toEqual([])
        expect(count).toBeGreaterThan(100)
      }
    })

    test('are not shown by the configuration’s errors', async () => {
      const hush = 'hush-hush'
      const wrong: ClientProps[] = [
        { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': `x.PlainLoginModule required password="${hush}";` },
        { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': `x.PlainLoginModule required username="a" password="${hush}"` },
        { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': `x.OtherModule required username="a" password="${hush}";` },
        {
          'sasl.mechanism': 'OAUTHBEARER',
          'sasl.jaas.config': `x.OAuthBearerLoginModule required clientSecret="${hush}" extension_1="${hush}";`,
        },
        { 'security.protocol': 'SSL', 'ssl.keystore.key': hush, 'ssl.keystore.certificate.chain': hush },
        { 'security.protocol': 'SSL', 'ssl.keystore.key': hush },
        { 'security.protocol': 'SSL', 'ssl.truststore.certificates': hush },
        { 'security.protocol': 'SSL', ...trust, 'ssl.keystore.location': store('client.jks'), 'ssl.keystore.password': hush },
        { 'security.protocol': 'SSL', 'ssl.keystore.location': store('client-encrypted.pem'), 'ssl.key.password': hush },
      ]
      for (const props of wrong) {
        const failure = await clients
          .admin({ 'bootstrap.servers': kafka.address('SASL'), 'security.protocol': 'SASL_PLAINTEXT', ...props }, new CompleteLogger())
          .then(
            () => expect.unreachable(`${Object.keys(props).join()} was taken`),
            (error: unknown) => error as Error,
          )
        expect(failure.name).toBe('ConfigException')
        expect(`${shown(failure)} ${failure.stack ?? ''}`).not.toContain(hush)
      }
    })
  })
})
