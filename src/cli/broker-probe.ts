import { connect, type Socket } from 'node:net'
import type { HostPort } from '../api/host-port.ts'

/** ApiVersions 0, which every Kafka answers to everybody: length, API, version, correlation id, no client id. */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff])

/** So long a broker may be busy, starting for one: what it would be taken for ends the worker. */
const ANSWER_TIMEOUT_MS = 10_000

/** Length, correlation id, error code. */
const ANSWER_START_BYTES = 10

/** Who listens at an address, which may take all of the time to tell where somebody listens who does not answer. */
export async function whoAnswers({ host, port }: HostPort, timeout = ANSWER_TIMEOUT_MS): Promise<'kafka' | 'other' | 'nobody'> {
  const socket = connect({ host, port, timeout })
  try {
    return await answerOn(socket)
  } finally {
    socket.destroy()
  }
}

function answerOn(socket: Socket): Promise<'kafka' | 'other' | 'nobody'> {
  let isConnected = false
  let answer: Buffer = Buffer.alloc(0)
  const { promise, resolve } = Promise.withResolvers<'kafka' | 'other' | 'nobody'>()
  const over = () => resolve(isConnected ? 'other' : 'nobody')
  socket
    .once('connect', () => {
      isConnected = true
      socket.write(API_VERSIONS)
    })
    .on('data', (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes])
      if (answer.length >= ANSWER_START_BYTES) resolve(answer.readInt32BE(4) === 7 ? 'kafka' : 'other')
    })
    .once('timeout', () => setImmediate(over)) // after a standstill timers come before sockets: the answer may be here
    .once('error', over)
    .once('close', over)
  return promise
}
