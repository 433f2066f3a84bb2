import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Passes connections on to a server, and counts them. */
export class CountingProxy {
  /** Connections that were opened. */
  opened = 0
  /** Connections that the server ended. */
  closedByServer = 0
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#pass(client, port))
  }

  /** Stopped when the test ends. */
  static async start(port: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(port)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    onTestFinished(() => proxy.#stop())
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #pass(client: Socket, port: number): void {
    this.opened++
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    server.once('end', () => this.closedByServer++)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => to.destroy())
      from.once('close', () => this.#sockets.delete(from))
      from.pipe(to)
    }
  }

  #stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
