import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  ConfigException,
  ConnectException,
  DataException,
  RetriableException,
  SchemaProjectorException,
} from '../../../../src/api/index.ts'
import { asKafkaError, illegalState, kafkaError, timeoutException } from '../../../../src/kafka/errors.ts'
import { faultKindOf } from '../../../../src/runtime/errors/fault-kind.ts'

const withCode = (code: string) => Object.assign(new Error(code), { code })
const caused = (cause: unknown) => new ConnectException('wrapped', { cause })

async function closedPort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('faultKindOf', () => {
  it.each([
    ['a RetriableException', new RetriableException('busy')],
    ['a retriable error of Kafka', timeoutException('no answer')],
    ['a lack of rights, which an operator mends', kafkaError(29, { topic: 't' })],
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a full disk', withCode('ENOSPC')],
    ['a name that does not resolve', withCode('EAI_AGAIN')],
    ['the cause of a wrapped one', caused(caused(withCode('ECONNRESET')))],
    ['what the Kafka client wraps', asKafkaError(withCode('ECONNRESET'))],
  ])('system: %s', (_, error) => {
    expect(faultKindOf(error)).toBe('system')
  })

  it.each([
    ['a DataException', new DataException('bad')],
    ['its subclasses', new SchemaProjectorException('bad')],
    ['the cause of a wrapped one', caused(new DataException('bad'))],
  ])('record: %s', (_, error) => {
    expect(faultKindOf(error)).toBe('record')
  })

  it.each([
    ['a plain exception of Connect', new ConnectException('no')],
    ['a ConfigException', new ConfigException('no')],
    ['an error of the language', new TypeError('undefined is not a function')],
    ['a wrong password, which is configured here', kafkaError(58)],
    ['a fatal error of Kafka', illegalState('closed')],
    ['a fatal error of Kafka for whatever reason', illegalState('closed', withCode('ECONNRESET'))],
    ['a missing file', withCode('ENOENT')],
    ['something that is no Error', 'text'],
    ['nothing', undefined],
  ])('bug: %s', (_, error) => {
    expect(faultKindOf(error)).toBe('bug')
  })

  it('ends for an error that is its own cause', () => {
    const error = new Error('circular')
    error.cause = error
    expect(faultKindOf(error)).toBe('bug')
  })

  it('knows what Node throws for a closed port, of sockets and of fetch', async () => {
    const port = await closedPort()
    const refused = await new Promise((resolve) => connect({ host: 'localhost', port }).once('error', resolve))
    expect(faultKindOf(refused)).toBe('system')
    const failed: unknown = await fetch(`http://127.0.0.1:${port}`).catch((error: unknown) => error)
    expect(faultKindOf(failed)).toBe('system')
  })

  it('knows a time limit of AbortSignal', async () => {
    const signal = AbortSignal.timeout(0)
    const reason: unknown = await new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)))
    expect(faultKindOf(reason)).toBe('system')
  })
})
