/** Where a server listens. */
export interface HostPort {
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** As configurations and messages have it: `localhost:9092`, `[::1]:9092`. */
export function addressText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
