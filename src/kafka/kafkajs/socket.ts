import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

const KEEP_ALIVE_DELAY_MS = 60_000
/** How long one of several addresses of a host may take before the next is tried. */
const NEXT_ADDRESS_AFTER_MS = 1_000

export interface SocketTarget {
  readonly host: string
  readonly port: number
  /** Null: no TLS. */
  readonly tls: ConnectionOptions | null
}

/**
 * Opens a socket; a host with several addresses is tried at each of them in turn.
 * @param onread where bytes are read to and who takes them; with TLS, which has no such thing, they come as `data` events
 */
export function openSocket({ host, port, tls }: SocketTarget, onread: OnReadOpts, onConnect: () => void): Socket {
  const target = { host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS }
  const servername = isIP(host) === 0 ? { servername: host } : {}
  const socket = tls === null ? connectTcp({ ...target, onread }, onConnect) : connectTls({ ...target, ...servername, ...tls }, onConnect)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
  return socket
}
