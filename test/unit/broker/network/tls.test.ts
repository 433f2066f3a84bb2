import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { BrokerServer } from '../../../../src/broker/network/broker-server.ts'
import { distinguishedName } from '../../../../src/broker/network/distinguished-name.ts'
import type { TlsOptions } from '../../../../src/broker/network/listener.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { RawClient } from '../../../support/raw-client.ts'

const log = new CollectingLogger()
const opened: AsyncDisposable[] = []

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

function pem(name: string): string {
  return readFileSync(new URL(`../../../support/key-stores/${name}.pem`, import.meta.url), 'utf8')
}

const ca = pem('ca')
const cluster = { throttleTimeMs: 0, errorCode: 0, errorMessage: null, endpointType: 1, clusterId: 'c', controllerId: 1, brokers: [] }

async function started(tls: Partial<TlsOptions> = {}, firstRequestMs = 10_000): Promise<number> {
  const server = await BrokerServer.start({
    listeners: [
      { name: 'SSL', protocol: 'SSL', host: '127.0.0.1', port: 0, tls: { key: pem('server'), certificateChain: pem('server'), ...tls } },
    ],
    apis: { DescribeCluster: { versions: [0, 2], answer: (_, { principal }) => ({ ...cluster, clusterId: principal }) } },
    log,
    firstRequestMs,
  })
  opened.push({ [Symbol.asyncDispose]: () => server.close() })
  return server.listeners[0]!.port
}

async function client(port: number, options: ConnectionOptions = {}): Promise<RawClient> {
  const socket = connect({ host: '127.0.0.1', port, ca, ...options })
  await once(socket, 'secureConnect')
  const raw = new RawClient(socket)
  opened.push(raw)
  return raw
}

async function principalOf(raw: RawClient): Promise<string> {
  return (await raw.send('DescribeCluster', 0, { includeClusterAuthorizedOperations: false })).clusterId
}

describe('an SSL listener', () => {
  it('answers over TLS', async () => {
    expect(await principalOf(await client(await started()))).toBe('User:ANONYMOUS')
  })

  it('takes the principal from a client’s certificate', async () => {
    const port = await started({ clientAuth: 'required', trusted: ca })
    const raw = await client(port, { key: pem('client'), cert: pem('client') })
    expect(await principalOf(raw)).toBe('User:CN=the client')
  })

  it('refuses clients without a certificate when it asks for one', async () => {
    const port = await started({ clientAuth: 'required', trusted: ca })
    const raw = await client(port)
    await raw.closed
  })

  it('closes a connection that does not speak TLS, with a line in the log', async () => {
    const port = await started()
    log.lines.length = 0
    const raw = await RawClient.connect(`127.0.0.1:${port}`)
    raw.write(Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]))
    await raw.closed
    expect(log.lines).toEqual([expect.stringContaining('TLS handshake')])
  })

  it('closes a connection that never begins the handshake', async () => {
    const socket = connectPlain(await started({}, 50), '127.0.0.1').resume()
    await once(socket, 'close')
  })
})

describe('distinguishedName', () => {
  it('puts the most special part first, as Java does', () => {
    expect(distinguishedName('C=DE\nO=A, B\nCN=one')).toBe('CN=one,O=A\\, B,C=DE')
  })
})
