import { connect, type Socket } from 'node:net'
import { ConfigDef, DataException, RetriableException, SinkTask, type Props, type SinkRecord } from '../../../src/api/index.ts'
import { frameOf } from './line-store-protocol.ts'

/** How long an answer may take before the store counts as out. Counted in steps: a machine that stands still takes one. */
const answerTimeoutMs = 1000
const steps = 10

const config = new ConfigDef({ port: { type: 'int', importance: 'high', doc: 'Port of the store on this machine.' } })

/** A sink as plain people write them: each batch is a request to a LineStore, and Node's own errors of the socket go through. */
class LineStoreSinkTask extends SinkTask {
  readonly version = '1'
  #port = 0
  #socket: Socket | null = null

  start(props: Props): void {
    this.#port = config.parse(props).port
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    if (records.length === 0) return
    const isAccepted = await this.#write(frameOf(records.map(({ value }) => value as string)))
    if (!isAccepted) throw new DataException('the store refuses this batch')
  }

  stop(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  async #write(frame: Buffer): Promise<boolean> {
    const socket = (this.#socket ??= connect(this.#port, '127.0.0.1'))
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const lost = () => reject(Object.assign(new Error('the store closed the connection'), { code: 'ECONNRESET' }))
    const stopped = () => reject(new RetriableException('the task shall stop'))
    let waited = 0
    const late = setInterval(() => {
      if (++waited === steps)
        reject(Object.assign(new Error(`the store has not answered for ${answerTimeoutMs} ms`), { code: 'ETIMEDOUT' }))
    }, answerTimeoutMs / steps)
    socket
      .once('data', (answer) => resolve(answer[0] === 1))
      .once('error', reject)
      .once('close', lost)
    this.context.signal.addEventListener('abort', stopped)
    try {
      socket.write(frame)
      return await promise
    } catch (error) {
      socket.on('error', () => undefined) // nobody waits for it any more
      this.stop()
      throw error
    } finally {
      clearInterval(late)
      socket.removeAllListeners('data').removeListener('error', reject).removeListener('close', lost)
      this.context.signal.removeEventListener('abort', stopped)
    }
  }
}

export class LineStoreSinkConnector {
  readonly kind = 'sink'
  readonly version = '1'
  readonly taskClass = LineStoreSinkTask
  #props: Props = {}

  config(): typeof config {
    return config
  }

  start(props: Props): void {
    this.#props = props
  }

  taskConfigs(): Props[] {
    return [this.#props]
  }

  stop(): void {}
}
