import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { acceptedByte, framesOf, refusedByte } from './line-store-protocol.ts'

/**
 * A small system that sinks write to, over TCP: it takes a batch of lines as a whole, or refuses it as a whole.
 * It can hang (it listens, and answers nothing) and be gone (connections are refused).
 */
export class LineStore {
  readonly lines: string[] = []
  /** When the first and the latest batch were taken; epoch ms. */
  firstAt = 0
  lastAt = 0
  /** Batches that came while it did not answer. */
  ignored = 0
  readonly #poison: string | null
  readonly #sockets = new Set<Socket>()
  #server: Server | null = null
  #port = 0
  #hangs = false

  /** @param poison a batch with this line in it is refused */
  constructor(poison: string | null = null) {
    this.#poison = poison
  }

  get port(): number {
    return this.#port
  }

  /** Begins to listen, and to answer. */
  async answer(): Promise<void> {
    this.#hangs = false
    if (this.#server !== null) return
    this.#server = createServer((socket) => this.#serve(socket))
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  /** Takes what comes and answers nothing. */
  hang(): void {
    this.#hangs = true
  }

  /** Ends its connections and refuses new ones. */
  async vanish(): Promise<void> {
    const server = this.#server
    this.#server = null
    for (const socket of this.#sockets) socket.destroy()
    if (server === null) return
    server.close()
    await once(server, 'close')
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined) // clients go as they like
    const take = framesOf((frame) => {
      if (this.#hangs) this.ignored++
      else socket.write(this.#take(frame.toString().split('\n')) ? acceptedByte : refusedByte)
    })
    socket.on('data', take)
  }

  #take(lines: readonly string[]): boolean {
    if (this.#poison !== null && lines.includes(this.#poison)) return false
    for (const line of lines) this.lines.push(line)
    this.lastAt = Date.now()
    if (this.firstAt === 0) this.firstAt = this.lastAt
    return true
  }
}
