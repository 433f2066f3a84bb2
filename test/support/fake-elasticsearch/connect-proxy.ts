import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/** An HTTP proxy that tunnels with CONNECT to whoever shows the right `Proxy-Authorization`. */
export class ConnectProxy {
  /** `host:port` of every tunnel that was opened. */
  readonly tunnels: string[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(authorization: string | null) {
    this.#server = createServer((_request, response) => void response.writeHead(405).end())
    this.#server.on('connect', (request, socket: Socket) => {
      const asked = request.headers['proxy-authorization'] ?? null
      if (asked !== authorization) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
      this.#tunnel(request.url ?? '', socket)
    })
  }

  /** @param authorization null: everybody may */
  static async start(authorization: string | null): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(authorization)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #tunnel(target: string, socket: Socket): void {
    this.tunnels.push(target)
    const colon = target.lastIndexOf(':')
    const there = connect(Number(target.slice(colon + 1)), target.slice(0, colon))
    for (const end of [socket, there]) {
      this.#sockets.add(end)
      end.on('error', () => void (socket.destroy(), there.destroy()))
      end.on('close', () => this.#sockets.delete(end))
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.pipe(there).pipe(socket)
  }
}
