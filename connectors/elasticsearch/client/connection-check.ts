import { ConfigException } from 'standpipe/api'
import type { ElasticsearchSinkSettings } from '../config/settings.ts'
import { ElasticsearchClient, type ServerInfo } from './elasticsearch-client.ts'
import { RequestFailure } from './request-failure.ts'
import { isOlder } from './server-version.ts'

/** Something the server says against a configuration that is right by itself. */
export interface ConnectionProblem {
  readonly key: string
  readonly message: string
}

const oldest = '7.0.0'
const oldestWithDataStreams = '7.9.0'
/** Servers that let nobody, or nobody of this name, ask for their version, or have no such page. */
const withheld: ReadonlySet<number> = new Set([401, 403, 405])
const infrastructure =
  'Could not initialize the Elasticsearch client. This may indicate the cluster is unreachable or there is a transient infrastructure issue: '

/**
 * Asks the servers whether they can be worked with: reachable, user known, version, existing resources. Nothing is tried again.
 * Called by validation, when the keys are right. @returns every problem by key, in the sentences of upstream's Validator
 */
export async function connectionProblems(settings: ElasticsearchSinkSettings): Promise<ConnectionProblem[]> {
  let client: ElasticsearchClient
  try {
    client = await ElasticsearchClient.open(settings.connection)
  } catch (error) {
    if (!(error instanceof ConfigException)) throw error
    return [{ key: 'connection.url', message: infrastructure + error.message }]
  }
  try {
    return await askServer(client, settings)
  } finally {
    await client.close()
  }
}

async function askServer(client: ElasticsearchClient, settings: ElasticsearchSinkSettings): Promise<ConnectionProblem[]> {
  let info: ServerInfo | null
  try {
    info = await infoOf(client)
    await ping(client)
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error
    return unreachable(error, settings)
  }
  const problems = info === null ? [] : versionProblems(info, settings)
  return problems.length > 0 ? problems : await missingResources(client, settings)
}

/** Null: the server does not say. */
async function infoOf(client: ElasticsearchClient): Promise<ServerInfo | null> {
  try {
    return await client.info()
  } catch (error) {
    if (error instanceof RequestFailure && withheld.has(error.status)) return null
    throw error
  }
}

/** A server that forbids it is there all the same. */
async function ping(client: ElasticsearchClient): Promise<void> {
  try {
    await client.ping()
  } catch (error) {
    if (!(error instanceof RequestFailure) || (error.status !== 403 && error.status !== 405)) throw error
  }
}

function unreachable(failure: RequestFailure, { connection }: ElasticsearchSinkSettings): ConnectionProblem[] {
  const isAnswerToPing = failure.exchange.startsWith('method [HEAD]')
  const why = isAnswerToPing ? failure.exchange : `java.util.concurrent.ExecutionException: ${javaCause(failure)}`
  const said = `Error message: ${why}`
  const problems = [{ key: 'connection.url', message: `Could not connect to Elasticsearch. ${said}` }]
  if (!isAnswerToPing) problems.push({ key: 'connection.url', message: infrastructure + why })
  const add = (message: string, ...keys: string[]) => problems.push(...keys.map((key) => ({ key, message })))
  if (connection.basic !== null) {
    const message = `Could not authenticate the user. Check the 'connection.username' and 'connection.password'. ${said}`
    add(message, 'connection.username', 'connection.password')
  }
  if (connection.ssl.isConfigured) add(`Could not connect to Elasticsearch. Check your SSL settings.${said}`, 'elastic.security.protocol')
  if (connection.proxy !== null) {
    const credentials = connection.proxy.credentials === null ? [] : ['proxy.username', 'proxy.password']
    add(`Could not connect to Elasticsearch. Check your proxy settings. ${said}`, 'proxy.host', 'proxy.port', ...credentials)
  }
  return problems
}

function javaCause(failure: RequestFailure): string {
  if (failure.exchange === '') return failure.javaText
  return `org.elasticsearch.client.ResponseException: ${failure.exchange}\n${failure.body}`
}

/** OpenSearch counts its versions from 1. */
function versionProblems({ version, isOpenSearch }: ServerInfo, { target }: ElasticsearchSinkSettings): ConnectionProblem[] {
  if (isOpenSearch || version === '') return []
  if (isOlder(version, oldest)) {
    const message = `The connector is not compatible with Elasticsearch version ${version}. Elasticsearch version must be at least ${oldest}.`
    return [{ key: 'connection.url', message }]
  }
  if (target.dataStream === null || !isOlder(version, oldestWithDataStreams)) return []
  const message = `Elasticsearch version ${version} is not compatible with data streams. Elasticsearchversion must be at least ${oldestWithDataStreams}.`
  return ['connection.url', 'data.stream.type', 'data.stream.dataset'].map((key) => ({ key, message }))
}

async function missingResources(client: ElasticsearchClient, { target }: ElasticsearchSinkSettings): Promise<ConnectionProblem[]> {
  const problems: ConnectionProblem[] = []
  for (const name of target.externalResources.values()) {
    const message = await missing(client, name, target.usage)
    if (message !== null) problems.push({ key: 'topic.to.external.resource.mapping', message })
  }
  return problems
}

async function missing(client: ElasticsearchClient, name: string, kind: string): Promise<string | null> {
  try {
    return (await client.exists(name)) ? null : `${kind} '${name}' does not exist in Elasticsearch`
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error
    return `Failed to check if ${kind} '${name}' exists: ${error.exchange === '' ? error.javaText : error.exchange}`
  }
}
