import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { whoAnswers } from '../../../src/cli/broker-probe.ts'

const API_VERSIONS_ANSWER = Buffer.from([0, 0, 0, 6, 0, 0, 0, 7, 0, 0])

describe('who answers at an address', () => {
  it('is Kafka when the answer is one to ApiVersions', async () => {
    expect(await whoAnswers(await listening((socket) => socket.end(API_VERSIONS_ANSWER)))).toBe('kafka')
  })

  it('is Kafka although the process stood still until the time was over, with the answer in the socket', async () => {
    const address = await listening((socket) => {
      socket.on('data', () => {
        socket.write(API_VERSIONS_ANSWER)
        const end = performance.now() + 200
        while (performance.now() < end);
      })
    })
    expect(await whoAnswers(address, 100)).toBe('kafka')
  })

  it('is another server when it says something else, or nothing', async () => {
    expect(await whoAnswers(await listening((socket) => socket.end('220 smtp.example.org ESMTP')))).toBe('other')
    expect(await whoAnswers(await listening(() => undefined), 100)).toBe('other')
  })

  it('is nobody where nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    expect(await whoAnswers({ host: '127.0.0.1', port })).toBe('nobody')
  })
})

/** A server that does one thing with each connection. */
async function listening(connected: (socket: Socket) => void) {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined) // the probe hangs up
    connected(socket)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}
