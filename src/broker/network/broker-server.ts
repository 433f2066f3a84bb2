import type { Socket } from 'node:net'
import type { Logger } from '../../api/logger.ts'
import type { Apis } from '../api.ts'
import { ServedVersions } from './api-versions.ts'
import { Connection } from './connection.ts'
import { hasSasl, Listener, type ListenerOptions } from './listener.ts'
import { RequestSession } from './request-session.ts'
import { SaslSession, type SaslOptions } from './sasl/sasl-session.ts'
import { saslApis } from './sasl/sasl-apis.ts'

export interface BrokerServerOptions {
  readonly listeners: readonly ListenerOptions[]
  readonly apis: Apis
  readonly log: Logger
  /** Needed by SASL listeners. */
  readonly sasl?: SaslOptions
  /** `socket.request.max.bytes`. Default: 100 MB. */
  readonly maxRequestBytes?: number
  /** `connections.max.idle.ms`. Default: 10 minutes. */
  readonly maxIdleMs?: number
  /** How long a connection may take to its first answered request. Default: 10 seconds. */
  readonly firstRequestMs?: number
  /** `max.connections`, and `max.connections.per.ip`. Default: no limit. */
  readonly maxConnections?: number
  readonly maxConnectionsPerAddress?: number
}

const MAX_REQUEST_BYTES = 100 * 1024 * 1024
const MAX_IDLE_MS = 10 * 60_000
const FIRST_REQUEST_MS = 10_000
const LONGEST_SWEEP_MS = 1_000

interface Client {
  readonly connection: Connection
  readonly address: string
  readonly sinceMs: number
}

/** The broker's side of the network: takes connections, and has their requests answered. */
export class BrokerServer {
  readonly #options: BrokerServerOptions
  readonly #versions: ServedVersions
  readonly #listeners: readonly Listener[]
  readonly #clients = new Set<Client>()
  readonly #sweep: NodeJS.Timeout

  /**
   * Returns when every listener takes connections.
   * @throws Error of the system when a listener cannot be opened; those that could are closed again
   */
  static async start(options: BrokerServerOptions): Promise<BrokerServer> {
    const server = new BrokerServer(options)
    try {
      for (const listener of server.#listeners) await listener.open()
    } catch (error) {
      await server.close()
      throw error
    }
    return server
  }

  private constructor(options: BrokerServerOptions) {
    const apis = { ...saslApis, ...options.apis }
    this.#options = { ...options, apis }
    this.#versions = new ServedVersions(apis)
    this.#listeners = options.listeners.map((listener) => this.#listener(listener))
    const { maxIdleMs = MAX_IDLE_MS, firstRequestMs = FIRST_REQUEST_MS } = options
    const everyMs = Math.min(LONGEST_SWEEP_MS, maxIdleMs / 4, firstRequestMs / 4)
    this.#sweep = setInterval(() => this.#closeIdle(maxIdleMs, firstRequestMs), everyMs).unref()
  }

  /** Listeners with the ports they have got, in the order they were asked for. */
  get listeners(): readonly { readonly name: string; readonly host: string; readonly port: number }[] {
    return this.#listeners.map(({ options: { name, host }, port }) => ({ name, host, port }))
  }

  /** Takes no connection any more and ends all there are, whatever they wait for. */
  async close(): Promise<void> {
    clearInterval(this.#sweep)
    await Promise.all(this.#listeners.map((listener) => listener.close()))
  }

  #listener(options: ListenerOptions): Listener {
    const { log, firstRequestMs = FIRST_REQUEST_MS } = this.#options
    return new Listener(options, {
      onConnection: (socket, principal) => this.#accept(socket, principal, options),
      onHandshakeFailure: (error, socket) => log.warn(`Connection of ${clientOf(socket)} closed: TLS handshake: ${error.message}`),
      handshakeTimeoutMs: firstRequestMs,
    })
  }

  #accept(socket: Socket, principal: string, { name, protocol }: ListenerOptions): void {
    const { apis, log, sasl, maxRequestBytes = MAX_REQUEST_BYTES } = this.#options
    const address = socket.remoteAddress ?? ''
    if (this.#isFull(address)) {
      log.warn(`Connection of ${clientOf(socket)} refused: there are as many as max.connections and max.connections.per.ip allow`)
      return void socket.destroy()
    }
    const closed = new AbortController()
    const session = new RequestSession({
      apis,
      versions: this.#versions,
      sasl: hasSasl(protocol) ? new SaslSession(sasl ?? noSasl(name)) : null,
      principal,
      clientHost: `/${address.replace(/^::ffff:/, '')}`,
      listener: name,
      closed: closed.signal,
    })
    const connection = new Connection({ socket, session, maxRequestBytes, client: clientOf(socket), log, closed })
    const client = { connection, address, sinceMs: Date.now() }
    this.#clients.add(client)
    socket.once('close', () => this.#clients.delete(client))
  }

  #isFull(address: string): boolean {
    const { maxConnections = Infinity, maxConnectionsPerAddress = Infinity } = this.#options
    if (this.#clients.size >= maxConnections) return true
    if (maxConnectionsPerAddress === Infinity) return false
    return [...this.#clients].filter((client) => client.address === address).length >= maxConnectionsPerAddress
  }

  #closeIdle(maxIdleMs: number, firstRequestMs: number): void {
    const now = Date.now()
    for (const { connection, sinceMs } of this.#clients) {
      const { idleSinceMs, hasAsked } = connection
      if (idleSinceMs === null) continue
      if (now - idleSinceMs >= maxIdleMs || (!hasAsked && now - sinceMs >= firstRequestMs)) connection.close()
    }
  }
}

function clientOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'a client'}:${socket.remotePort ?? '?'}`
}

function noSasl(listener: string): never {
  throw new Error(`Listener ${listener} asks for SASL, and no users were given`)
}
