import { hostname } from 'node:os'
import { ConfigException } from '../../api/errors.ts'
import { parseList } from '../../api/config/config-type.ts'
import type { HostPort } from '../../api/host-port.ts'
import type { Props } from '../../api/props.ts'
import type { SecurityProtocol } from '../network/listener.ts'
import type { BrokerSettings } from './broker-config.ts'

/** An address as a listener is configured with it. */
export interface ListenerAddress {
  readonly name: string
  /** Empty: every address. */
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

export interface ConfiguredListener extends ListenerAddress {
  readonly protocol: SecurityProtocol
  /** What clients are told, where it is configured. */
  readonly advertised: ListenerAddress | null
}

const PROTOCOLS: readonly string[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

/** `NAME://host:port`, the host perhaps an IPv6 address in brackets. Apache Kafka 4.3.1, SocketServerConfigs. */
const ENDPOINT = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$/

const LARGEST_PORT = 65_535

/** The listeners for clients; those of a controller are left out. @throws ConfigException */
export function configuredListeners(settings: BrokerSettings, props: Props): readonly ConfiguredListener[] {
  const protocols = protocolMap(settings['listener.security.protocol.map'])
  const controllers = new Set(parseList(props['controller.listener.names'] ?? '').map((name) => name.toUpperCase()))
  const forClients = ({ name }: ListenerAddress) => !controllers.has(name)
  const listeners = settings.listeners.map((text) => address('listeners', text)).filter(forClients)
  const advertised = (settings['advertised.listeners'] ?? []).map((text) => address('advertised.listeners', text)).filter(forClients)
  checkListeners(listeners, settings.listeners.join(','))
  checkAdvertised(advertised, listeners)
  return listeners.map((listener) => ({
    ...listener,
    protocol: protocolOf(listener, protocols),
    advertised: advertised.find(({ name }) => name === listener.name) ?? null,
  }))
}

/** What clients of a listener are told to connect to. */
export function advertisedEndpoint({ advertised, host }: ConfiguredListener, port: number): HostPort {
  if (advertised !== null) return { host: advertised.host, port: advertised.port === 0 ? port : advertised.port }
  return { host: isEveryAddress(host) ? hostname() : host, port }
}

function isEveryAddress(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}

function address(key: string, text: string): ListenerAddress {
  const [, name, host, digits] = ENDPOINT.exec(text) ?? []
  const port = Number(digits)
  if (name === undefined || name === '' || host === undefined || port > LARGEST_PORT || port < 0)
    throw ConfigException.forKey(key, text, `Unable to parse ${text} to a broker endpoint. Write it as PLAINTEXT://127.0.0.1:9092`)
  return { name: name.toUpperCase(), host, port }
}

function protocolMap(text: string): ReadonlyMap<string, string> {
  const pairs = parseList(text).map(
    (pair) => [pair.slice(0, pair.lastIndexOf(':')).toUpperCase(), pair.slice(pair.lastIndexOf(':') + 1)] as const,
  )
  return new Map(pairs)
}

function protocolOf({ name }: ListenerAddress, protocols: ReadonlyMap<string, string>): SecurityProtocol {
  const protocol = protocols.get(name)?.toUpperCase()
  if (protocol === undefined)
    throw new ConfigException(`No security protocol defined for listener ${name}. Add ${name}:PLAINTEXT to listener.security.protocol.map`)
  if (!isProtocol(protocol))
    throw new ConfigException(`Invalid security protocol \`${protocol}\` defined in listener.security.protocol.map`)
  return protocol
}

function isProtocol(text: string): text is SecurityProtocol {
  return PROTOCOLS.includes(text)
}

function checkListeners(listeners: readonly ListenerAddress[], text: string): void {
  if (listeners.length === 0)
    throw ConfigException.forKey('listeners', text, 'There is no listener for clients. Add PLAINTEXT://127.0.0.1:9092')
  if (new Set(listeners.map(({ name }) => name)).size < listeners.length)
    throw ConfigException.forKey('listeners', text, `Each listener must have a different name, listeners: ${text}`)
  const ports = listeners.map(({ host, port }) => `${host.includes(':') ? 'IPv6' : 'IPv4'}:${port}`).filter((port) => !port.endsWith(':0'))
  if (new Set(ports).size < ports.length)
    throw ConfigException.forKey('listeners', text, `Each listener must have a different port, listeners: ${text}`)
}

function checkAdvertised(advertised: readonly ListenerAddress[], listeners: readonly ListenerAddress[]): void {
  const names = listeners.map(({ name }) => name)
  const unknown = advertised.some(({ name }) => !names.includes(name))
  if (unknown) {
    throw new ConfigException(
      `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${advertised.map(({ name }) => name).join(',')}. The valid options based on the current configuration are ${names.join(',')}`,
    )
  }
  if (advertised.some(({ host }) => isEveryAddress(host)))
    throw new ConfigException('advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.')
}
