import { afterEach, describe, expect, it } from 'vitest'
import { BrokerServer } from '../../../../src/broker/network/broker-server.ts'
import type { SaslOptions } from '../../../../src/broker/network/sasl/sasl-session.ts'
import { SaslUsers } from '../../../../src/broker/network/sasl/sasl-users.ts'
import { Errors } from '../../../../src/broker/protocol/errors.ts'
import { Password } from '../../../../src/api/config/password.ts'
import { ScramExchange } from '../../../../src/kafka/kafkajs/scram.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { ConnectionClosed, RawClient } from '../../../support/raw-client.ts'

const opened: AsyncDisposable[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

const cluster = { throttleTimeMs: 0, errorCode: 0, errorMessage: null, endpointType: 1, clusterId: 'c', controllerId: 1, brokers: [] }
const request = { includeClusterAuthorizedOperations: false }
const users = new SaslUsers(new Map([['ann', 'ann-secret'], ['b,o=b', 'säcret']])) // prettier-ignore
const right = Buffer.from('\0ann\0ann-secret')

/** A client of a broker whose only API answers with the principal. */
async function client(options: Partial<SaslOptions> = {}): Promise<RawClient> {
  const server = await BrokerServer.start({
    listeners: [{ name: 'SECURE', protocol: 'SASL_PLAINTEXT', host: '127.0.0.1', port: 0 }],
    apis: { DescribeCluster: { versions: [0, 2], answer: (_, { principal }) => ({ ...cluster, clusterId: principal }) } },
    log: new CollectingLogger(),
    sasl: { mechanisms: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], users, ...options },
  })
  opened.push({ [Symbol.asyncDispose]: () => server.close() })
  const raw = await RawClient.connect(`127.0.0.1:${server.listeners[0]!.port}`)
  opened.push(raw)
  return raw
}

describe('SASL', () => {
  it.each([0, 1, 2])('PLAIN makes the user the principal of later requests (SaslAuthenticate %i)', async (version) => {
    const raw = await client()
    expect(await raw.send('ApiVersions', 0, {})).toMatchObject({ errorCode: 0 })
    const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
    expect(await raw.send('SaslHandshake', 1, { mechanism: 'PLAIN' })).toEqual({ errorCode: 0, mechanisms })
    const answer = await raw.send('SaslAuthenticate', version, { authBytes: right })
    expect(answer).toEqual({ errorCode: 0, errorMessage: null, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 })
    expect(await raw.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'User:ann' })
  })

  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)('%s lets both sides prove that they know the password', async (mechanism) => {
    const raw = await client()
    const exchange = new ScramExchange({ mechanism, username: 'b,o=b', password: new Password('säcret'), isDelegationToken: false })
    await raw.send('SaslHandshake', 1, { mechanism })
    const first = await raw.send('SaslAuthenticate', 2, { authBytes: exchange.first })
    const last = await raw.send('SaslAuthenticate', 2, { authBytes: (await exchange.answer(first.authBytes))! })
    expect(last.errorCode).toBe(0)
    expect(await exchange.answer(last.authBytes)).toBeNull()
    expect(await raw.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'User:b,o=b' })
  })

  it.each([
    ['a wrong password', 'ann', 'other'],
    ['an unknown user', 'eve', 'ann-secret'],
  ])('SCRAM refuses %s with Kafka’s sentence, and ends the connection', async (_, username, password) => {
    const raw = await client()
    const exchange = new ScramExchange({ mechanism: 'SCRAM-SHA-256', username, password: new Password(password), isDelegationToken: false })
    await raw.send('SaslHandshake', 1, { mechanism: 'SCRAM-SHA-256' })
    let answer = await raw.send('SaslAuthenticate', 2, { authBytes: exchange.first })
    if (answer.errorCode === 0) answer = await raw.send('SaslAuthenticate', 2, { authBytes: (await exchange.answer(answer.authBytes))! })
    expect(answer).toMatchObject({
      errorCode: Errors.SASL_AUTHENTICATION_FAILED,
      errorMessage: 'Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256',
    })
    await raw.closed
  })

  it.each([
    ['a wrong password', '\0ann\0other', 'Authentication failed: Invalid username or password'],
    ['an unknown user', '\0eve\0ann-secret', 'Authentication failed: Invalid username or password'],
    ['no user', '\0\0x', 'Authentication failed: username not specified'],
    ['no password', '\0ann\0', 'Authentication failed: password not specified'],
    [
      'acting for another',
      'eve\0ann\0ann-secret',
      'Authentication failed: Client requested an authorization id that is different from username',
    ],
    ['bytes without users', 'ann', 'Invalid SASL/PLAIN response: expected 3 tokens, got 1'],
  ])('PLAIN refuses %s with Kafka’s sentence, and ends the connection', async (_, token, errorMessage) => {
    const raw = await client()
    await raw.send('SaslHandshake', 1, { mechanism: 'PLAIN' })
    const answer = await raw.send('SaslAuthenticate', 1, { authBytes: Buffer.from(token) })
    expect(answer).toMatchObject({ errorCode: Errors.SASL_AUTHENTICATION_FAILED, errorMessage })
    await raw.closed
  })

  it('takes bare tokens after a handshake of version 0', async () => {
    const raw = await client()
    await raw.send('SaslHandshake', 0, { mechanism: 'PLAIN' })
    const length = Buffer.from([0, 0, 0, right.length])
    const answer = raw.nextFrame()
    raw.write(Buffer.concat([length, right]))
    expect(await answer).toEqual(Buffer.alloc(0))
    expect(await raw.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'User:ann' })
  })

  it('names the mechanisms to who asks for another one, and ends the connection', async () => {
    const raw = await client({ mechanisms: ['PLAIN'] })
    const answer = await raw.send('SaslHandshake', 1, { mechanism: 'GSSAPI' })
    expect(answer).toEqual({ errorCode: Errors.UNSUPPORTED_SASL_MECHANISM, mechanisms: ['PLAIN'] })
    await raw.closed
  })

  it('answers nothing else before the user is known', async () => {
    const raw = await client()
    await expect(raw.send('DescribeCluster', 0, request)).rejects.toThrow(ConnectionClosed)
    const inTheMiddle = await client()
    await inTheMiddle.send('SaslHandshake', 1, { mechanism: 'PLAIN' })
    await expect(inTheMiddle.send('DescribeCluster', 0, request)).rejects.toThrow(ConnectionClosed)
  })

  it('authenticates again on the same connection when connections.max.reauth.ms is set', async () => {
    const raw = await client({ maxReauthMs: 60_000 })
    for (let time = 0; time < 2; time++) {
      await raw.send('SaslHandshake', 1, { mechanism: 'PLAIN' })
      expect(await raw.send('SaslAuthenticate', 2, { authBytes: right })).toMatchObject({ errorCode: 0, sessionLifetimeMs: 60_000 })
    }
    expect(await raw.send('DescribeCluster', 0, request)).toMatchObject({ clusterId: 'User:ann' })
    await raw.send('SaslHandshake', 1, { mechanism: 'PLAIN' })
    expect(await raw.send('SaslAuthenticate', 2, { authBytes: Buffer.from('\0b,o=b\0säcret') })).toMatchObject({
      errorCode: Errors.SASL_AUTHENTICATION_FAILED,
      errorMessage: 'Cannot change principals during re-authentication from ann: b,o=b',
    })
    await raw.closed
  })

  it('ends a connection whose authentication is over', async () => {
    const raw = await client({ maxReauthMs: 1 })
    await raw.send('SaslHandshake', 1, { mechanism: 'PLAIN' })
    await raw.send('SaslAuthenticate', 2, { authBytes: right })
    await new Promise((resolve) => setTimeout(resolve, 10))
    await expect(raw.send('DescribeCluster', 0, request)).rejects.toThrow(ConnectionClosed)
  })

  it('does not authenticate twice otherwise', async () => {
    const raw = await client()
    await raw.send('SaslHandshake', 1, { mechanism: 'PLAIN' })
    await raw.send('SaslAuthenticate', 2, { authBytes: right })
    expect(await raw.send('SaslHandshake', 1, { mechanism: 'PLAIN' })).toMatchObject({ errorCode: Errors.ILLEGAL_SASL_STATE })
    expect(await raw.send('SaslAuthenticate', 2, { authBytes: right })).toMatchObject({ errorCode: Errors.ILLEGAL_SASL_STATE })
  })
})
