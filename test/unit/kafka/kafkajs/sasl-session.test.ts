import { describe, expect, it } from 'vitest'
import { Password } from '../../../../src/api/config/password.ts'
import { bearerToken } from '../../../../src/kafka/config/oauth-token.ts'
import type { SaslCredentials } from '../../../../src/kafka/config/sasl.ts'
import { KafkaError } from '../../../../src/kafka/errors.ts'
import { SaslSession } from '../../../../src/kafka/kafkajs/sasl-session.ts'
import { Reader } from '../../../../src/kafka/protocol/reader.ts'
import { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { ApiRequest } from '../../../../src/kafka/transport.ts'

const plain: SaslCredentials = { mechanism: 'PLAIN', username: 'me', password: new Password('p'), isDelegationToken: false }
const token = bearerToken('opaque', { subject: 'sub', expiresInSeconds: 60, now: Date.now() })
const bearer: SaslCredentials = {
  mechanism: 'OAUTHBEARER',
  tokens: { token: () => Promise.resolve(token) },
  extensions: new Map([['trace', 'abc']]),
}

interface Answer {
  readonly error?: number
  readonly message?: string
  readonly bytes?: string
  readonly lifetimeMs?: number
}

/** A session with a broker that takes the handshake, unless told otherwise, and then answers so. */
function newSession(credentials: SaslCredentials, answers: readonly Answer[], handshakeError = 0) {
  const messages: string[] = []
  const left = [...answers]
  const send = <Response>(request: ApiRequest<Response>): Promise<Response> => {
    const body = Buffer.concat([request.encode(request.maxVersion)].flat())
    if (request.apiName === 'SaslHandshake') {
      messages.push(`handshake ${new Reader(body).string()}`)
      const answer = new Writer().int16(handshakeError).array(['PLAIN', 'GSSAPI'], (writer, name) => writer.string(name))
      return Promise.resolve(request.decode(Buffer.concat(answer.finish()), 1))
    }
    messages.push(String(new Reader(body).bytes()))
    const { error = 0, message = null, bytes = '', lifetimeMs = 0 } = left.shift() ?? expect.unreachable('too many messages')
    const answer = new Writer().int16(error).nullableString(message).bytes(Buffer.from(bytes)).int64(lifetimeMs)
    return Promise.resolve(request.decode(Buffer.concat(answer.finish()), 1))
  }
  const session = new SaslSession({ credentials, broker: 'broker h:1', closing: new AbortController().signal, send })
  return { session, messages }
}

async function failure(session: SaslSession): Promise<KafkaError> {
  return session.authenticate().then(
    () => expect.unreachable('it was let in'),
    (error: unknown) => error as KafkaError,
  )
}

describe('a SASL session', () => {
  it('of PLAIN sends name and password in one message', async () => {
    const { session, messages } = newSession(plain, [{}])
    await session.authenticate()
    expect(messages).toEqual(['handshake PLAIN', '\0me\0p'])
    expect(session.isDue).toBe(false)
  })

  it('of OAUTHBEARER sends token and extensions in one message', async () => {
    const { session, messages } = newSession(bearer, [{}])
    await session.prepare()
    await session.authenticate()
    expect(messages).toEqual(['handshake OAUTHBEARER', 'n,,\x01auth=Bearer opaque\x01trace=abc\x01\x01'])
  })

  it('is due before its end, and not when it has none', async () => {
    const ending = newSession(plain, [{ lifetimeMs: 2 }])
    await ending.session.authenticate()
    await expect.poll(() => ending.session.isDue).toBe(true)
    const long = newSession(plain, [{ lifetimeMs: 3_600_000 }])
    await long.session.authenticate()
    expect(long.session.isDue).toBe(false)
  })

  it('that is refused tells the broker’s words, with broker and mechanism', async () => {
    const { session } = newSession(plain, [{ error: 58, message: 'Authentication failed: Invalid username or password' }])
    expect(await failure(session)).toMatchObject({
      message: 'Authentication with PLAIN failed at broker h:1: Authentication failed: Invalid username or password',
      number: 58,
      auth: true,
      retriable: false,
    })
  })

  it('that is refused without words has Kafka’s', async () => {
    expect((await failure(newSession(plain, [{ error: 58 }]).session)).message).toBe(
      'Authentication with PLAIN failed at broker h:1: SASL Authentication failed.',
    )
  })

  it('names the mechanisms of a listener that does not have this one', async () => {
    const error = await failure(newSession(bearer, [], 33).session)
    expect(error).toMatchObject({ code: 'UNSUPPORTED_SASL_MECHANISM', auth: true, retriable: false })
    expect(error.message).toContain('it does not offer OAUTHBEARER, only PLAIN, GSSAPI. Set sasl.mechanism to one of these')
  })

  it('says what to check on a port without SASL', async () => {
    const error = await failure(newSession(plain, [], 34).session)
    expect(error).toMatchObject({ code: 'ILLEGAL_SASL_STATE', auth: true, retriable: false })
    expect(error.message).toContain('The port may not use SASL: check security.protocol')
  })

  it('of OAUTHBEARER acknowledges a refusal in JSON, and tells it in words', async () => {
    const json = '{"status":"invalid_token","scope":"kafka"}'
    for (const last of [{ error: 58, message: json }, {}]) {
      const { session, messages } = newSession(bearer, [{ bytes: json }, last])
      expect((await failure(session)).message).toBe(
        'Authentication with OAUTHBEARER failed at broker h:1: status: invalid_token, scope: kafka',
      )
      expect(messages.at(-1)).toBe('\x01')
    }
  })
})
