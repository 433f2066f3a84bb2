import { unknownCipherSuites, type Logger, type Props } from 'standpipe/api'
import { elasticsearchSinkConfig } from './elasticsearch-sink-config.ts'
import { sslPrefix } from './security-keys.ts'
import { isSslEnabled } from './settings.ts'

/** What a file says that works otherwise than its writer may think. One line of the log each. */
export interface ConfigNotice {
  readonly level: 'info' | 'warn'
  readonly message: string
}

const https = 'an https:// address, elastic.security.protocol=SSL and the elastic.https.ssl keys do this'

/** Keys of versions up to 10 and of other products, as they still stand in files. */
const formerKeys: Readonly<Record<string, ConfigNotice>> = {
  'type.name': info(
    'servers have no mapping types any more, documents are written without. This key comes from version 10 or older, where behavior.on.null.values was ignore (now fail) and flush.timeout.ms 10000 (now 180000). Where it stands, the server finds out the mapping of records without a schema, as it does with schema.ignore=true',
  ),
  'auto.create.indices.at.start': info('indices are made when their first record comes'),
  'log.sensitive.data': info('contents of records are never logged'),
  'topic.index.map': warn(
    'records go to the index named after their topic. Use topic.to.external.resource.mapping, or the RegexRouter transformation, for other names',
  ),
  'input.data.format': warn('value.converter of the connector or worker says how values are read'),
  'kafka.api.key': warn("the worker's properties say how to log in at Kafka"),
  'kafka.api.secret': warn("the worker's properties say how to log in at Kafka"),
  index: warn('the index is named after the topic. Use the RegexRouter transformation for another name'),
  'index.name': warn('the index is named after the topic. Use the RegexRouter transformation for another name'),
  version: warn('the version of the server is found out by asking it'),
  'ssl.enabled': warn(https),
  'connection.ssl.enabled': warn(https),
  'elastic.https.ssl.enabled': warn(https),
  'ssl.verification.mode': warn('the key is elastic.https.ssl.verification.mode'),
}

/** @param props the whole configuration, valid */
export function configNotices(props: Props): ConfigNotice[] {
  const former = Object.keys(props).flatMap((key) => formerKeyNotice(key) ?? [])
  const keys = elasticsearchSinkConfig.parse(props)
  const buffered = keys['max.buffered.records']
  const wanted = keys['batch.size'] * keys['max.in.flight.requests']
  const notices = [...former]
  if (buffered < wanted) {
    notices.push(
      warn(
        `max.buffered.records (${buffered}) has no room for batch.size x max.in.flight.requests (${wanted}): fewer requests are made at the same time`,
      ),
    )
  }
  if (!isSslEnabled(keys) && Object.keys(props).some((key) => key.startsWith(sslPrefix))) {
    notices.push(warn('elastic.https keys are used for https:// addresses although elastic.security.protocol is not SSL'))
  }
  const unknown = unknownCipherSuites(keys['elastic.https.ssl.cipher.suites'])
  if (unknown.length > 0) {
    notices.push(warn(`elastic.https.ssl.cipher.suites: Node.js does not have ${unknown.join(', ')}; the others are offered`))
  }
  return notices
}

/** Logs every notice. Called once, when the connector starts. */
export function logConfigNotices(props: Props, log: Logger): void {
  for (const { level, message } of configNotices(props)) log[level](message)
}

function formerKeyNotice(key: string): ConfigNotice | null {
  const known = Object.hasOwn(formerKeys, key) ? formerKeys[key] : undefined
  const notice = known ?? (/^ssl\.(trust|key)store\./.test(key) ? warn(`the key is elastic.https.${key}`) : null)
  return notice === null ? null : { level: notice.level, message: `${key} is not used: ${notice.message}.` }
}

function info(message: string): ConfigNotice {
  return { level: 'info', message }
}

function warn(message: string): ConfigNotice {
  return { level: 'warn', message }
}
