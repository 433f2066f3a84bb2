import { ConfigException } from 'standpipe/api'
import type { ElasticsearchSinkKeys } from './elasticsearch-sink-config.ts'
import { readExternalResources } from './external-resources.ts'
import { hasDataStreamType, isSslEnabled, writesToDataStream } from './settings.ts'

type Key = keyof ElasticsearchSinkKeys

/** Keys that contradict each other, and the sentence that each of them is told. */
export interface Contradiction {
  readonly keys: readonly Key[]
  readonly message: string
}

/** What the checks need to know of the file beside the sink's own keys. */
export interface FileContext {
  /** Items of `topics`. */
  readonly topics: readonly string[]
  /** `topics.regex` is set: nobody knows the topics beforehand. */
  readonly hasTopicPattern: boolean
  /** At least one key begins with `elastic.https.`. */
  readonly hasSslKeys: boolean
}

const basic = ['connection.username', 'connection.password'] as const
const kerberos = ['kerberos.user.principal', 'kerberos.keytab.path'] as const
const dataStream = ['data.stream.type', 'data.stream.dataset'] as const
const mapping = 'topic.to.external.resource.mapping'

/** All contradictions of a configuration whose keys are valid each by itself. The sentences are those of Confluent's connector. */
export function contradictions(keys: ElasticsearchSinkKeys, file: FileContext): Contradiction[] {
  const found = [
    noUrl(keys),
    halfBasic(keys),
    severalLogins(keys),
    externalResources(keys, file),
    halfDataStream(keys),
    timestampFieldWithoutDataStream(keys),
    writeMethodOfDataStream(keys),
    needlessTopics(keys, 'key.ignore', 'topic.key.ignore'),
    needlessTopics(keys, 'schema.ignore', 'topic.schema.ignore'),
    halfKerberos(keys),
    kerberosWithBasic(keys),
    kerberosWithProxy(keys),
    lingerBeyondFlush(keys),
    proxyUserWithoutHost(keys, 'proxy.username'),
    proxyUserWithoutHost(keys, 'proxy.password'),
    halfProxyUser(keys),
    sslWithoutKeys(keys, file),
  ]
  return found.filter((contradiction) => contradiction !== null)
}

function noUrl(keys: ElasticsearchSinkKeys): Contradiction | null {
  if (keys['connection.url'].length > 0) return null
  return { keys: ['connection.url'], message: 'Malformed Elasticsearch connection URL: hosts must not be null nor empty' }
}

/** An empty user name counts as one. */
function halfBasic(keys: ElasticsearchSinkKeys): Contradiction | null {
  if ((keys['connection.username'] === null) === (keys['connection.password'] === null)) return null
  return { keys: basic, message: "Both 'connection.username' and 'connection.password' must be set." }
}

/** Keys of ours, which Confluent's does not know. */
function severalLogins(keys: ElasticsearchSinkKeys): Contradiction | null {
  const logins: readonly Key[] = ['connection.username', 'connection.api.key', 'connection.bearer.token', 'kerberos.user.principal']
  const set = logins.filter((key) => keys[key] !== null)
  if (set.length < 2 || (keys['connection.api.key'] === null && keys['connection.bearer.token'] === null)) return null
  return { keys: set, message: `Only one way to log in can be used. Leave one of these: ${set.join(', ')}.` }
}

function externalResources(keys: ElasticsearchSinkKeys, file: FileContext): Contradiction | null {
  const isUsed = keys['external.resource.usage'].toLowerCase() !== 'disabled'
  const isMapped = keys[mapping].length > 0
  if (isUsed !== isMapped) {
    const message = `Invalid configuration: external.resource.usage and ${mapping} must be configured together. Either both must be set, or both must be empty.`
    return { keys: ['external.resource.usage', mapping], message }
  }
  if (!isMapped) return null
  if (hasDataStreamType(keys) || keys['data.stream.dataset'] !== '') {
    const message = `Resource mapping mode and data stream configs are mutually exclusive. When using ${mapping}, data stream configs (${dataStream.join(', ')}) must not be set.`
    return { keys: [mapping, ...dataStream], message }
  }
  const message = mappingProblem(keys, file)
  return message === null ? null : { keys: [mapping], message }
}

function mappingProblem(keys: ElasticsearchSinkKeys, { topics, hasTopicPattern }: FileContext): string | null {
  try {
    const mapped = readExternalResources(keys[mapping], keys['max.external.resource.mappings'])
    if (hasTopicPattern) return null
    const missing = topics.find((topic) => !mapped.has(topic))
    if (missing !== undefined)
      return `Topic '${missing}' is not mapped to any resource. All configured topics must be mapped to a resource.`
    const needless = [...mapped.keys()].find((topic) => !topics.includes(topic))
    return needless === undefined ? null : `Topic '${needless}' is mapped but not configured. All mapped topics must be configured topics.`
  } catch (error) {
    if (error instanceof ConfigException) return error.message
    throw error
  }
}

function halfDataStream(keys: ElasticsearchSinkKeys): Contradiction | null {
  if (hasDataStreamType(keys) === (keys['data.stream.dataset'] !== '')) return null
  return { keys: dataStream, message: "Either both or neither 'data.stream.dataset' and 'data.stream.type' must be set." }
}

function timestampFieldWithoutDataStream(keys: ElasticsearchSinkKeys): Contradiction | null {
  if (keys['data.stream.timestamp.field'].length === 0 || writesToDataStream(keys)) return null
  const message =
    "Mapping a field to the '@timestamp' field is only necessary when working with data streams. 'data.stream.timestamp.field' must not be set when not using data streams."
  return { keys: ['data.stream.timestamp.field'], message }
}

function writeMethodOfDataStream(keys: ElasticsearchSinkKeys): Contradiction | null {
  if (!writesToDataStream(keys)) return null
  if (keys['write.method'].toLowerCase() === 'upsert') {
    return {
      keys: ['write.method'],
      message: 'Upserts are not supported with data streams. write.method must not be UPSERT when using data streams.',
    }
  }
  if (keys['behavior.on.null.values'].toLowerCase() !== 'delete') return null
  return {
    keys: ['behavior.on.null.values'],
    message: 'Deletes are not supported with data streams. behavior.on.null.values must not be DELETE when using data streams.',
  }
}

function needlessTopics<Prefix extends 'key' | 'schema'>(
  keys: ElasticsearchSinkKeys,
  all: `${Prefix}.ignore`,
  some: `topic.${Prefix}.ignore`,
): Contradiction | null {
  if (!keys[all] || keys[some].length === 0) return null
  return { keys: [all, some], message: `'${some}' can not be set if '${all}' is true.` }
}

function halfKerberos(keys: ElasticsearchSinkKeys): Contradiction | null {
  if ((keys['kerberos.user.principal'] === null) === (keys['kerberos.keytab.path'] === null)) return null
  return { keys: kerberos, message: "Either both or neither 'kerberos.user.principal' and 'kerberos.keytab.path' must be set." }
}

function kerberosWithBasic(keys: ElasticsearchSinkKeys): Contradiction | null {
  if (!usesKerberos(keys) || keys['connection.username'] === null || keys['connection.password'] === null) return null
  const message = `Either only Kerberos (${kerberos.join(', ')}) or connection credentials (${basic.join(', ')}) must be set.`
  return { keys: [...kerberos, ...basic], message }
}

function kerberosWithProxy(keys: ElasticsearchSinkKeys): Contradiction | null {
  if (!usesKerberos(keys) || keys['proxy.host'] === '') return null
  return {
    keys: [...kerberos, 'proxy.host'],
    message: `Kerberos (${kerberos.join(', ')}) is not supported with proxy settings (proxy.host).`,
  }
}

function usesKerberos(keys: ElasticsearchSinkKeys): boolean {
  return keys['kerberos.user.principal'] !== null || keys['kerberos.keytab.path'] !== null
}

function lingerBeyondFlush(keys: ElasticsearchSinkKeys): Contradiction | null {
  const linger = keys['linger.ms']
  const flush = keys['flush.timeout.ms']
  if (linger <= flush) return null
  return {
    keys: ['linger.ms', 'flush.timeout.ms'],
    message: `'linger.ms' (${linger}) can not be larger than 'flush.timeout.ms' (${flush}).`,
  }
}

function proxyUserWithoutHost(keys: ElasticsearchSinkKeys, key: 'proxy.username' | 'proxy.password'): Contradiction | null {
  const isSet = keys[key] !== null && keys[key] !== ''
  if (keys['proxy.host'] !== '' || !isSet) return null
  return { keys: [key, 'proxy.host'], message: `'proxy.host' must be set to use '${key}'.` }
}

function halfProxyUser(keys: ElasticsearchSinkKeys): Contradiction | null {
  if (keys['proxy.host'] === '' || (keys['proxy.username'] === '') === (keys['proxy.password'] === null)) return null
  return {
    keys: ['proxy.username', 'proxy.password'],
    message: "Either both or neither 'proxy.username' and 'proxy.password' can be set.",
  }
}

function sslWithoutKeys(keys: ElasticsearchSinkKeys, file: FileContext): Contradiction | null {
  if (!isSslEnabled(keys) || file.hasSslKeys) return null
  const stores =
    "'elastic.https.ssl.keystore.location', 'elastic.https.ssl.keystore.password', 'elastic.https.ssl.truststore.location', and 'elastic.https.ssl.truststore.password'"
  const message = `At least these SSL configs (${stores}) must be present for SSL support. Otherwise set 'elastic.security.protocol' to 'PLAINTEXT'.`
  return { keys: ['elastic.security.protocol'], message }
}
