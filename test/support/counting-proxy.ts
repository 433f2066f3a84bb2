import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Passes connections on to a port, and counts them. */
export class CountingProxy {
  /** Connections that were opened. */
  opened = 0
  /** Connections that the server ended first. */
  closedByServer = 0
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#pass(client, port))
  }

  static async start(port: number): Promise<CountingProxy> {
    const proxy = new CountingProxy(port)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #pass(client: Socket, port: number): void {
    this.opened++
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let isClientDone = false
    client.once('end', () => (isClientDone = true)).once('error', () => (isClientDone = true))
    server.once('end', () => {
      if (!isClientDone) this.closedByServer++
    })
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
}
