import { expect, test } from 'vitest'
import { saslAuthenticationFailed, type KafkaError } from '../../../../src/kafka/errors.ts'
import type { SaslSession } from '../../../../src/kafka/kafkajs/sasl-session.ts'
import { SessionGate } from '../../../../src/kafka/kafkajs/session-gate.ts'

/** A gate whose session, answers and connection are in the test's hands. */
function newGate() {
  const sent: string[] = []
  const state = { isDue: false, inFlight: 0, authentications: 0 }
  let renewal = Promise.withResolvers<void>()
  const session = {
    get isDue() {
      return state.isDue
    },
    authenticate: async () => {
      state.authentications++
      sent.push('handshake')
      await renewal.promise
      state.isDue = false
      renewal = Promise.withResolvers()
    },
  } as unknown as SaslSession
  const gate: SessionGate = new SessionGate({ session, inFlight: () => state.inFlight, failed: (error) => gate.close(error) })
  const pass = (name: string): Promise<string> =>
    gate.pass(() => {
      sent.push(name)
      return Promise.resolve(name)
    })
  return { gate, pass, sent, state, renewed: () => renewal.resolve(), refused: (error: KafkaError) => renewal.reject(error) }
}

test('lets requests through at once while the session is good', () => {
  const { pass, sent } = newGate()
  void pass('a')
  void pass('b')
  expect(sent).toEqual(['a', 'b'])
})

test('holds requests until the session is renewed, once, and sends them in their order', async () => {
  const { gate, pass, sent, state, renewed } = newGate()
  state.isDue = true
  const all = ['a', 'b', 'c'].map(pass)
  expect(gate.held).toBe(3)
  renewed()
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c'])
  expect(sent).toEqual(['handshake', 'a', 'b', 'c'])
  expect([gate.held, state.authentications]).toEqual([0, 1])
})

test('a request that comes while the held ones are on their way does not pass them', async () => {
  const { pass, sent, state, renewed } = newGate()
  state.isDue = true
  const first = pass('a')
  const second = pass('b')
  renewed()
  // in every turn of the queue a newcomer that a caller sends as soon as it can
  const newcomers: Promise<string>[] = []
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve()
    newcomers.push(pass(`new ${turn}`))
  }
  await Promise.all([first, second, ...newcomers])
  expect(sent).toEqual(['handshake', 'a', 'b', ...newcomers.map((_, turn) => `new ${turn}`)])
})

test('waits for what is in flight before the handshake, which would wait behind a long poll otherwise', async () => {
  const { gate, pass, sent, state, renewed } = newGate()
  state.isDue = true
  state.inFlight = 2
  const held = pass('a')
  state.inFlight = 1
  gate.answered()
  expect(sent).toEqual([])
  state.inFlight = 0
  gate.answered()
  await Promise.resolve()
  expect(sent).toEqual(['handshake'])
  renewed()
  expect(await held).toBe('a')
})

test('a session that cannot be renewed rejects what is held, with the reason', async () => {
  const { pass, sent, state, refused } = newGate()
  state.isDue = true
  const all = ['a', 'b'].map(pass)
  refused(saslAuthenticationFailed('no longer welcome'))
  const outcomes = await Promise.allSettled(all)
  expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason as Error)).toMatchObject([
    { message: 'no longer welcome', auth: true },
    { message: 'no longer welcome', auth: true },
  ])
  expect(sent).toEqual(['handshake'])
})

test('a connection that closes while it drains rejects what is held, and no handshake follows', async () => {
  const { gate, pass, sent, state } = newGate()
  state.isDue = true
  state.inFlight = 1
  const held = pass('a')
  gate.close(saslAuthenticationFailed('gone'))
  await expect(held).rejects.toThrow('gone')
  await Promise.resolve()
  expect(sent).toEqual([])
})
