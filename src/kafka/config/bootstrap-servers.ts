import { ConfigException } from '../../api/errors.ts'
import type { HostPort } from '../../api/host-port.ts'

/** Java's pattern of an address: an optional scheme, a host without blanks or a bracketed IPv6 address, a port. */
const ADDRESS = /^(?:[0-9a-zA-Z\-._]*:\/\/)?\[?([0-9a-zA-Z\-._%:]*)\]?:([0-9]+)$/

/**
 * The addresses of `bootstrap.servers`. Names are not looked up here.
 * @throws ConfigException with Java's sentence for one that is not `host:port`
 */
export function bootstrapAddresses(servers: readonly string[]): readonly HostPort[] {
  return servers.map((server) => {
    const [, host = '', port = ''] = ADDRESS.exec(server) ?? []
    if (host === '') throw new ConfigException(`Invalid url in bootstrap.servers: ${server}. Write host:port, for example localhost:9092`)
    if (Number(port) > 65535) throw new ConfigException(`Invalid port in bootstrap.servers: ${server}. A port is a number up to 65535`)
    return { host, port: Number(port) }
  })
}

/** As `bootstrapAddresses`, for the check alone. */
export function checkBootstrapServers(servers: readonly string[]): void {
  bootstrapAddresses(servers)
}
