import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ConfigException } from '../api/errors.ts'
import { addressText, type HostPort } from '../api/host-port.ts'
import type { Logger } from '../api/logger.ts'

/**
 * The addresses of `bootstrap.servers` that can be looked up now. Apache Kafka 4.3, ClientUtils#validateAddresses.
 * @throws ConfigException when none is left
 */
export async function resolvable<T extends HostPort>(servers: readonly T[], log: Logger): Promise<readonly T[]> {
  const checked = await Promise.all(servers.map(async (server) => ((await canBeLookedUp(server.host)) ? server : warn(server, log))))
  const left = checked.filter((server) => server !== null)
  if (left.length === 0) {
    const names = servers.map(addressText).join(', ')
    throw new ConfigException(
      `No resolvable bootstrap urls given in bootstrap.servers: ${names}. Check the names and the DNS of this machine`,
    )
  }
  return left
}

async function canBeLookedUp(host: string): Promise<boolean> {
  if (isIP(host) !== 0) return true
  return lookup(host).then(
    () => true,
    () => false, // the reason is always the same: no such name
  )
}

function warn(server: HostPort, log: Logger): null {
  log.warn(`Couldn't resolve server ${addressText(server)} from bootstrap.servers as DNS resolution failed for ${server.host}`)
  return null
}
