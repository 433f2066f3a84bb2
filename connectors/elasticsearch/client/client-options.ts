import { HttpConnection, WeightedConnectionPool, type ClientOptions, type NodeOptions } from '@elastic/elasticsearch'
import { ConfigException } from 'standpipe/api'
import type { ElasticsearchNode } from '../config/nodes.ts'
import type { ConnectionSettings, Credentials, ProxySettings } from '../config/settings.ts'
import { version } from '../version.ts'
import { ElasticConnection, noRedaction } from './elastic-connection.ts'
import { PlainTransport, TextSerializer } from './plain-transport.ts'
import { tlsOptions } from './tls-options.ts'

const neverMs = 2 ** 31 - 1

/**
 * The client's options. It asks each node once before it gives up; all other retries are the sink's.
 * @throws ConfigException for a key store that cannot be read, and for what cannot be had here
 */
export async function clientOptions(settings: ConnectionSettings): Promise<ClientOptions> {
  if (settings.kerberos !== null) {
    throw new ConfigException(
      'Kerberos (kerberos.user.principal, kerberos.keytab.path) is not supported. Use connection.username, connection.api.key or a client certificate',
    )
  }
  const isSecure = settings.nodes.some(({ url }) => url.startsWith('https:'))
  const tls = { ...(isSecure ? await tlsOptions(settings.ssl) : {}), timeout: settings.connectTimeoutMs }
  return {
    nodes: settings.nodes.map((node) => nodeOptions(node, settings)),
    tls,
    maxRetries: settings.nodes.length - 1,
    compression: settings.compression,
    ...(settings.readTimeoutMs === 0 ? {} : { requestTimeout: settings.readTimeoutMs }),
    ...connectionClass(settings),
    ConnectionPool: WeightedConnectionPool,
    Transport: PlainTransport,
    Serializer: TextSerializer,
    redaction: noRedaction,
    enableMetaHeader: false,
    headers: { 'user-agent': `standpipe-elasticsearch-sink/${version} (Node.js ${process.versions.node})` },
  }
}

function nodeOptions(node: ElasticsearchNode, settings: ConnectionSettings): NodeOptions {
  const url = new URL(node.url)
  const header = authorization(node, settings)
  const { caFingerprint } = settings.ssl
  return {
    url,
    ...(header === null ? {} : { headers: { authorization: header } }),
    ...(caFingerprint === null || url.protocol === 'http:' ? {} : { caFingerprint }),
  }
}

/** What the file says for all nodes, else the user in the address. */
function authorization(node: ElasticsearchNode, { apiKey, bearerToken, basic }: ConnectionSettings): string | null {
  if (apiKey !== null) return `ApiKey ${encodedApiKey(apiKey.value())}`
  if (bearerToken !== null) return `Bearer ${bearerToken.value()}`
  if (basic !== null) return basicAuthorization(basic)
  const { username, password } = node
  return username === null || password === null ? null : basicAuthorization({ username, password })
}

function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password.value()}`).toString('base64')}`
}

function encodedApiKey(key: string): string {
  return key.includes(':') ? Buffer.from(key).toString('base64') : key
}

/** Tunnels are made by the client's other connection class, the one of Node's own http. */
function connectionClass({ proxy, idleTimeoutMs }: ConnectionSettings): Partial<ClientOptions> {
  const idleMs = idleTimeoutMs < 0 ? neverMs : Math.max(idleTimeoutMs, 1)
  if (proxy !== null) return { Connection: HttpConnection, proxy: proxyUrl(proxy), agent: { keepAlive: true } }
  return { Connection: ElasticConnection, agent: { keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs } }
}

function proxyUrl({ host, port, credentials }: ProxySettings): string {
  const url = new URL(`http://${host}:${port}`)
  if (credentials !== null) {
    url.username = encodeURIComponent(credentials.username)
    url.password = encodeURIComponent(credentials.password.value())
  }
  return url.href
}
