import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { distinguishedName } from './distinguished-name.ts'

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** Keys and certificates as PEM text. */
export interface TlsOptions {
  readonly key: string
  readonly certificateChain: string
  readonly keyPassword?: string
  /** Who may have signed a client's certificate. */
  readonly trusted?: string
  /** `ssl.client.auth`. Default: none. */
  readonly clientAuth?: 'none' | 'requested' | 'required'
}

export interface ListenerOptions {
  /** As in `listeners`, such as PLAINTEXT or INTERNAL. */
  readonly name: string
  readonly protocol: SecurityProtocol
  /** Where to listen; empty: on all addresses. */
  readonly host: string
  /** 0: the system chooses one. */
  readonly port: number
  /** Needed by SSL and SASL_SSL. */
  readonly tls?: TlsOptions
}

export interface ListenerEvents {
  /** @param principal of the certificate that the client showed, or `User:ANONYMOUS` */
  readonly onConnection: (socket: Socket, principal: string) => void
  /** A TLS handshake failed; the socket is gone. */
  readonly onHandshakeFailure: (error: Error, socket: Socket) => void
  readonly handshakeTimeoutMs: number
}

const ANONYMOUS = 'User:ANONYMOUS'

/** One address that takes connections. */
export class Listener {
  readonly options: ListenerOptions
  readonly #server: Server
  /** With those whose TLS handshake is not done. */
  readonly #sockets = new Set<Socket>()

  constructor(options: ListenerOptions, events: ListenerEvents) {
    this.options = options
    this.#server = hasTls(options.protocol) ? tlsServer(options, events) : plainServer(events)
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** @throws Error of the system, such as EADDRINUSE */
  async open(): Promise<void> {
    const { host, port } = this.options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, backlog: 511, ...(host === '' ? {} : { host }) }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  /** The real one, also where 0 was asked for. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port // a TCP server that listens has one
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

function hasTls(protocol: SecurityProtocol): boolean {
  return protocol === 'SSL' || protocol === 'SASL_SSL'
}

export function hasSasl(protocol: SecurityProtocol): boolean {
  return protocol === 'SASL_PLAINTEXT' || protocol === 'SASL_SSL'
}

function plainServer({ onConnection }: ListenerEvents): Server {
  return createServer({ noDelay: true, keepAlive: true }, (socket) => onConnection(socket, ANONYMOUS))
}

function tlsServer({ name, tls }: ListenerOptions, { onConnection, onHandshakeFailure, handshakeTimeoutMs }: ListenerEvents): Server {
  if (tls === undefined) throw new Error(`Listener ${name} has no key and certificate: set ssl.keystore.location to a PEM file`)
  const { key, certificateChain: cert, keyPassword, trusted, clientAuth = 'none' } = tls
  const server = process.getBuiltinModule('node:tls').createServer(
    // loaded for those who need it: it takes a tenth of the broker's start
    {
      key,
      cert,
      ...(keyPassword === undefined ? {} : { passphrase: keyPassword }),
      ...(trusted === undefined ? {} : { ca: trusted }),
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'required',
      noDelay: true,
      keepAlive: true,
      handshakeTimeout: handshakeTimeoutMs,
    },
    (socket) => onConnection(socket, tlsPrincipal(socket)),
  )
  return server.on('tlsClientError', (error, socket) => {
    onHandshakeFailure(error, socket)
    socket.destroy()
  })
}

function tlsPrincipal(socket: TLSSocket): string {
  return socket.authorized ? `User:${distinguishedName(socket.getPeerX509Certificate()?.subject ?? '')}` : ANONYMOUS
}
