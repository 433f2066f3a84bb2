import { CountingProxy } from '../counting-proxy.ts'
import { freePorts } from './free-ports.ts'
import { javaTool } from './java-tools.ts'
import { newClusterId, prepareKafka, type KafkaBroker } from './kafka.ts'
import { certificate } from './postgresql-tls.ts'
import { TokenEndpoint } from './token-endpoint.ts'

/** Listeners of the broker: what each speaks and how it differs. */
const LISTENERS = {
  /** TLS with a certificate for localhost and 127.0.0.1. */
  TLS: { protocol: 'SSL', certificate: 'server' },
  /** TLS that asks clients for a certificate of the test authority. */
  MUTUAL: { protocol: 'SSL', certificate: 'server', clientAuth: true },
  /** TLS with a certificate for elsewhere.example. */
  STRANGER: { protocol: 'SSL', certificate: 'stranger' },
  /** TLS with a certificate that has expired. */
  EXPIRED: { protocol: 'SSL', certificate: 'expired' },
  SASL: { protocol: 'SASL_PLAINTEXT' },
  SASLTLS: { protocol: 'SASL_SSL', certificate: 'server' },
  /** Takes OAuth tokens that nobody signed. */
  UNSECURED: { protocol: 'SASL_PLAINTEXT', unsecuredTokens: true },
  /** Knows no other mechanism. */
  PLAINONLY: { protocol: 'SASL_PLAINTEXT', mechanisms: ['PLAIN'] },
  /** Sessions end after 5 s. */
  SHORT: { protocol: 'SASL_PLAINTEXT', sessionMs: 5000 },
} as const satisfies Record<string, Listener>

interface Listener {
  readonly protocol: string
  readonly certificate?: string
  readonly clientAuth?: boolean
  readonly sessionMs?: number
  readonly unsecuredTokens?: boolean
  readonly mechanisms?: readonly string[]
}

export type ListenerName = keyof typeof LISTENERS

export const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
export type Mechanism = (typeof MECHANISMS)[number]

/** The user of every mechanism but OAUTHBEARER. Its password has what quotes and lists are about. */
export const USER = 'alice'
export const PASSWORD = 'alice-secret;"\'=,ü'

const MODULES = 'org.apache.kafka.common.security'

/** One real broker with a port for each kind of security. Clients see proxies of these ports only, so that every connection is counted. */
export class SecureKafka {
  readonly broker: KafkaBroker
  readonly tokens: TokenEndpoint
  readonly #proxies: ReadonlyMap<ListenerName, CountingProxy>

  private constructor(broker: KafkaBroker, tokens: TokenEndpoint, proxies: ReadonlyMap<ListenerName, CountingProxy>) {
    this.broker = broker
    this.tokens = tokens
    this.#proxies = proxies
  }

  static async start(): Promise<SecureKafka> {
    const names = Object.keys(LISTENERS) as ListenerName[]
    const [port = 0, controllerPort = 0, ...free] = await freePorts(names.length + 2)
    const ports = new Map(names.map((name, index) => [name, free[index]!]))
    const proxies = new Map<ListenerName, CountingProxy>()
    for (const [name, port] of ports) proxies.set(name, await CountingProxy.start(port))
    const tokens = await TokenEndpoint.start()
    const place = { port, controllerPort, clusterId: newClusterId() }
    const broker = await prepareKafka(place, {
      properties: properties(ports, proxies, tokens),
      jvm: ['-Xms256m', '-Xmx512m', `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${tokens.keysUrl},${tokens.tokenUrl}`],
    })
    await broker.start()
    const secure = new SecureKafka(broker, tokens, proxies)
    await secure.setPassword('SCRAM-SHA-256', SCRAM_PASSWORD)
    await secure.setPassword('SCRAM-SHA-512', SCRAM_PASSWORD)
    return secure
  }

  /** For `bootstrap.servers`. */
  address(listener: ListenerName): string {
    return `127.0.0.1:${this.proxy(listener).port}`
  }

  proxy(listener: ListenerName): CountingProxy {
    return this.#proxies.get(listener)!
  }

  async stop(): Promise<void> {
    for (const proxy of this.#proxies.values()) proxy.stop()
    await this.broker.stop()
    await this.tokens.stop()
  }

  /** Of the user, for SCRAM. One mechanism a request: a broker takes no two changes of one user. */
  async setPassword(mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512', password: string): Promise<void> {
    const iterations = mechanism === 'SCRAM-SHA-256' ? 4096 : 16_384
    const credential = `${mechanism}=[iterations=${iterations},password=${password}]`
    const args = ['--alter', '--entity-type', 'users', '--entity-name', USER, '--add-config', credential]
    await javaTool('kafka.admin.ConfigCommand', ['--bootstrap-server', this.broker.address, ...args])
  }
}

/** ConfigCommand reads lists, so this one has none of their signs. */
export const SCRAM_PASSWORD = 'scram-secret;"\''

function properties(
  ports: ReadonlyMap<ListenerName, number>,
  proxies: ReadonlyMap<ListenerName, CountingProxy>,
  tokens: TokenEndpoint,
): Record<string, string> {
  const own = [...ports].map(([name, port]) => `${name}://127.0.0.1:${port}`)
  const advertised = [...proxies].map(([name, { port }]) => `${name}://127.0.0.1:${port}`)
  const plain = 'PLAINTEXT://127.0.0.1:{port}'
  const protocols = Object.entries(LISTENERS).map(([name, { protocol }]) => `${name}:${protocol}`)
  return {
    listeners: [plain, 'CONTROLLER://127.0.0.1:{controllerPort}', ...own].join(','),
    'advertised.listeners': [plain, ...advertised].join(','),
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(','),
    'sasl.oauthbearer.jwks.endpoint.url': tokens.keysUrl,
    'sasl.oauthbearer.expected.audience': TokenEndpoint.audience,
    ...Object.fromEntries(Object.entries(LISTENERS).flatMap(([name, listener]) => ofListener(name.toLowerCase(), listener))),
  }
}

function ofListener(name: string, listener: Listener): [string, string][] {
  const { certificate: own, clientAuth, protocol } = listener
  const tls = own === undefined ? {} : { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': certificate(own) }
  const trust =
    clientAuth === true ? { 'ssl.client.auth': 'required', 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': certificate('ca') } : {}
  const sasl = protocol.startsWith('SASL') ? ofSasl(listener) : {}
  return Object.entries({ ...tls, ...trust, ...sasl }).map(([key, value]) => [`listener.name.${name}.${key}`, value])
}

function ofSasl({ sessionMs, unsecuredTokens, mechanisms = MECHANISMS }: Listener): Record<string, string> {
  const properties: Record<string, string> = { 'sasl.enabled.mechanisms': mechanisms.join(',') }
  for (const mechanism of mechanisms) {
    const prefix = mechanism.toLowerCase()
    properties[`${prefix}.sasl.jaas.config`] = brokerLogin(mechanism)
    if (sessionMs !== undefined) properties[`${prefix}.connections.max.reauth.ms`] = String(sessionMs)
    if (mechanism !== 'OAUTHBEARER' || unsecuredTokens === true) continue
    properties[`${prefix}.sasl.server.callback.handler.class`] = `${MODULES}.oauthbearer.OAuthBearerValidatorCallbackHandler`
  }
  return properties
}

/** As it stands in a properties file. */
function brokerLogin(mechanism: string): string {
  if (mechanism === 'OAUTHBEARER') return `${MODULES}.oauthbearer.OAuthBearerLoginModule required;`
  if (mechanism !== 'PLAIN') return `${MODULES}.scram.ScramLoginModule required;`
  return `${MODULES}.plain.PlainLoginModule required user_${USER}=${quoted(PASSWORD)};`.replaceAll('\\', '\\\\').replaceAll('ü', '\\u00fc')
}

/** As a login line wants it. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** Client keys for a mechanism, right unless told otherwise. */
export function saslProps(mechanism: Mechanism, tokens: TokenEndpoint, secret?: string): Record<string, string> {
  if (mechanism === 'OAUTHBEARER') {
    return {
      'sasl.mechanism': mechanism,
      'sasl.oauthbearer.token.endpoint.url': tokens.tokenUrl,
      'sasl.login.callback.handler.class': `${MODULES}.oauthbearer.OAuthBearerLoginCallbackHandler`,
      'sasl.jaas.config': `${MODULES}.oauthbearer.OAuthBearerLoginModule required clientId=${quoted(TokenEndpoint.clientId)} clientSecret=${quoted(secret ?? TokenEndpoint.clientSecret)} scope="kafka" extension_traceId="abc";`,
    }
  }
  const [module, password] = mechanism === 'PLAIN' ? ['plain.PlainLoginModule', PASSWORD] : ['scram.ScramLoginModule', SCRAM_PASSWORD]
  return {
    'sasl.mechanism': mechanism,
    'sasl.jaas.config': `${MODULES}.${module} required username="${USER}" password=${quoted(secret ?? password)};`,
  }
}
