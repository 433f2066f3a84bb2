import { existsSync } from 'node:fs'
import { ConfigException, type ConfigValue, type Logger, type Props } from 'standpipe/api'
import { RequestFailure } from '../client/request-failure.ts'
import { version } from '../version.ts'
import { elasticsearchSinkConfig, type ElasticsearchSinkKeys } from './elasticsearch-sink-config.ts'
import { absenceOf, absentResource } from './external-resources.ts'
import {
  isSslEnabled,
  readElasticsearchSinkSettings,
  writesToDataStream,
  type ConnectionSettings,
  type ElasticsearchSinkSettings,
} from './settings.ts'
import { validateElasticsearchSinkConfig } from './validate.ts'

type Key = keyof ElasticsearchSinkKeys

/** What validation asks a server. `ElasticsearchClient` is one. */
export interface ServerProbe {
  /** `GET /`. @throws RequestFailure */
  info(): Promise<{ readonly version: string; readonly isOpenSearch: boolean }>
  /** `HEAD /`. @throws RequestFailure */
  ping(): Promise<boolean>
  /** Whether there is an index, data stream or alias of that name. @throws RequestFailure */
  exists(name: string): Promise<boolean>
  close(): Promise<void>
}

/**
 * Checks a whole configuration, the servers included if all keys are right: that they answer, know the user, are not too old and have the
 * external resources. The sentences before each cause are those of Confluent's connector.
 * @param open may fail, as for a key store that cannot be read
 */
export async function validateWithServer(
  props: Props,
  open: (settings: ConnectionSettings) => Promise<ServerProbe>,
): Promise<ConfigValue[]> {
  const values = validateElasticsearchSinkConfig(props)
  if (values.some((value) => value.errorMessages.length > 0)) return values
  const checks = new ServerChecks(values, elasticsearchSinkConfig.parse(props), readElasticsearchSinkSettings(props))
  await checks.run(open)
  return values
}

/**
 * Looks for the external resources when the connector starts. A server that cannot tell now is waited for by the tasks, which look again.
 * @throws ConnectException for one that is not there
 */
export async function requireExternalResources(
  { connection, target }: ElasticsearchSinkSettings,
  open: (settings: ConnectionSettings) => Promise<ServerProbe>,
  log: Logger,
): Promise<void> {
  if (target.externalResources.size === 0) return
  const probe = await open(connection)
  try {
    for (const resource of target.externalResources.values()) {
      const found = await answerOf(() => probe.exists(resource))
      if (found === false) throw absentResource(target.usage, resource)
      if (found !== true) log.warn(`Going on without knowing whether ${target.usage} '${resource}' exists: ${found.message}`)
    }
  } finally {
    await probe.close()
  }
}

class ServerChecks {
  readonly #values: ReadonlyMap<string, ConfigValue>
  readonly #keys: ElasticsearchSinkKeys
  readonly #settings: ElasticsearchSinkSettings

  constructor(values: readonly ConfigValue[], keys: ElasticsearchSinkKeys, settings: ElasticsearchSinkSettings) {
    this.#values = new Map(values.map((value) => [value.name, value]))
    this.#keys = keys
    this.#settings = settings
  }

  async run(open: (settings: ConnectionSettings) => Promise<ServerProbe>): Promise<void> {
    if (isSslEnabled(this.#keys) && this.#missesStore()) return
    let probe: ServerProbe
    try {
      probe = await open(this.#settings.connection)
    } catch (error) {
      if (!(error instanceof ConfigException)) throw error
      this.#tell(['connection.url'], `${noClient}${error.message}`)
      return
    }
    try {
      await this.#ask(probe)
    } finally {
      await probe.close()
    }
  }

  /** A store that is named has to be there, even if no address is encrypted. */
  #missesStore(): boolean {
    const { keystore, truststore } = this.#settings.connection.ssl
    const missing = [keystore, truststore].find((store) => store !== null && !existsSync(store.location))
    if (missing) this.#tell(['connection.url'], `${noClient}Failed to load SSL keystore ${missing.location}: there is no such file`)
    return missing !== undefined
  }

  async #ask(probe: ServerProbe): Promise<void> {
    const info = await answerOf(() => probe.info())
    const isRefused = info instanceof RequestFailure && !isDenied(info)
    const ping = isRefused ? info : await answerOf(() => probe.ping())
    if (ping === false) this.#unreachable('')
    else if (ping instanceof RequestFailure && ping.status !== 403) this.#unreachable(`Error message: ${ping.message}`)
    if (isRefused) this.#tell(['connection.url'], `${noClient}${info.message}`)
    else if (!(info instanceof RequestFailure) && !info.isOpenSearch) this.#version(info.version)
    if (ping === true || (ping instanceof RequestFailure && ping.status === 403)) await this.#externalResources(probe)
  }

  /** Tells every key that may be to blame. */
  #unreachable(cause: string): void {
    const { basic, proxy, kerberos } = this.#settings.connection
    this.#tell(['connection.url'], `Could not connect to Elasticsearch. ${cause}`)
    if (basic !== null) {
      const message = `Could not authenticate the user. Check the 'connection.username' and 'connection.password'. ${cause}`
      this.#tell(['connection.username', 'connection.password'], message)
    }
    if (isSslEnabled(this.#keys))
      this.#tell(['elastic.security.protocol'], `Could not connect to Elasticsearch. Check your SSL settings.${cause}`)
    if (kerberos !== null) {
      this.#tell(
        ['kerberos.user.principal', 'kerberos.keytab.path'],
        `Could not connect to Elasticsearch. Check your Kerberos settings. ${cause}`,
      )
    }
    if (proxy === null) return
    const keys: readonly Key[] = proxy.credentials === null ? proxyKeys : [...proxyKeys, 'proxy.username', 'proxy.password']
    this.#tell(keys, `Could not connect to Elasticsearch. Check your proxy settings. ${cause}`)
  }

  #version(server: string): void {
    if (isBelow(server, 6)) {
      const cause = 'Elasticsearch version 6 or more is required'
      this.#unreachable(`Error message: ${cause}`)
      this.#tell(['connection.url'], `${noClient}${cause}`)
    } else if (isBelow(server, 7)) {
      const message = `Connector version ${version} is not compatible with Elasticsearch version ${server}. Elasticsearch version must be at least 7.0.0.`
      this.#tell(['connection.url'], message)
    } else if (isBelow(server, 7, 9) && writesToDataStream(this.#keys)) {
      const message = `Elasticsearch version ${server} is not compatible with data streams. Elasticsearchversion must be at least 7.9.0.`
      this.#tell(['connection.url', 'data.stream.type', 'data.stream.dataset'], message)
    }
  }

  /** Stops at the first that is not there. */
  async #externalResources(probe: ServerProbe): Promise<void> {
    const { usage, externalResources } = this.#settings.target
    for (const resource of externalResources.values()) {
      const found = await answerOf(() => probe.exists(resource))
      if (found === true) continue
      const message = found === false ? absenceOf(usage, resource) : `Failed to check if ${usage} '${resource}' exists: ${found.message}`
      this.#tell(['topic.to.external.resource.mapping'], message)
      return
    }
  }

  #tell(keys: readonly Key[], message: string): void {
    for (const key of keys) this.#values.get(key)?.addError(message)
  }
}

const noClient =
  'Could not initialize the Elasticsearch client. This may indicate the cluster is unreachable or there is a transient infrastructure issue: '
const proxyKeys = ['proxy.host', 'proxy.port'] as const

/** The server is there and knows better than to tell us. */
function isDenied({ status }: RequestFailure): boolean {
  return status === 401 || status === 403
}

async function answerOf<Answer>(ask: () => Promise<Answer>): Promise<Answer | RequestFailure> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof RequestFailure) return error
    throw error
  }
}

/** A version that is not told is none that is too old. */
function isBelow(text: string, major: number, minor = 0): boolean {
  const [ofServer = major, minorOfServer = 0] = text.split('.').map((part) => Number.parseInt(part, 10))
  return ofServer < major || (ofServer === major && minorOfServer < minor)
}
