import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ConfigKeyInfo, ConfigValue } from 'standpipe/api'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { ElasticsearchClient } from '../../connectors/elasticsearch/client/elasticsearch-client.ts'
import { elasticsearchSinkConfig } from '../../connectors/elasticsearch/config/elasticsearch-sink-config.ts'
import { validateWithServer } from '../../connectors/elasticsearch/config/server-checks.ts'
import { expectError, readCases, type RecordedCase, type RecordedError } from '../support/compat-data.ts'

type RecordedKey = ConfigKeyInfo & { readonly validator?: string }

interface ValidateCase extends RecordedCase {
  readonly op: 'validate'
  readonly config: Readonly<Record<string, string | null>>
  readonly server: string
  readonly want: { readonly errors: Readonly<Record<string, readonly string[]>>; readonly taskConfig?: RecordedError }
}

type Case = ValidateCase | (RecordedCase & { readonly op: 'definition'; readonly want: readonly RecordedKey[] }) | (RecordedCase & { readonly op: 'groups'; readonly want: readonly string[] })

interface Departure {
  readonly reason: string
  /** What ours answers; absent: all is well. */
  readonly errors?: Readonly<Record<string, readonly string[]>>
}

const sslWarns = { reason: 'the keys are used for https:// addresses, and a warning says so' }
const dataStreamMessage = "Either both or neither 'data.stream.dataset' and 'data.stream.type' must be set."

/** Deliberate departures, by name. */
const departures = new Map<string, Departure>([
  ['invalid elastic.https.ssl.protocol=', sslWarns],
  ['combination ssl keys without ssl', sslWarns],
  ['combination max.buffered.records too small', { reason: 'fewer requests are made at a time, and a warning says so' }],
  [
    'combination data stream empty type',
    { reason: 'an empty type is none', errors: { 'data.stream.dataset': [dataStreamMessage], 'data.stream.type': [dataStreamMessage] } },
  ],
  ['combination external with topics.regex', { reason: 'which topics the pattern finds shows when their records come' }],
  ['combination url without scheme', { reason: 'an address without scheme is http as a name without scheme is' }],
  ['combination url with path', { reason: 'servers behind a path are reached' }],
  ['OpenSearch, server OpenSearch 3.3.2', { reason: 'OpenSearch works' }],
  ['7.17 without product header, server 7.17.29 without product header', { reason: 'what speaks the protocol works' }],
])

/** Behind these words stands the cause as the Java client tells it. */
const causes = [
  / ?Error message: (?!Elasticsearch version )[^]*/,
  /(?<=infrastructure issue: )(?!Elasticsearch version )[^]*/,
  /(?<=' exists: )[^]*/,
]

const cases = readCases<Case>('es-config')
let passed = 0

describe('compat es-config: keys and their validation', () => {
  afterAll(() => console.log(`compat es-config: ${passed} of ${cases.length} (${departures.size} deliberate departures)`))

  it.for(cases)('$name', async (each) => {
    if (each.op === 'definition') expect(definitionsOf(each.want)).toEqual(each.want.toSorted(byName))
    else if (each.op === 'groups') expect([...new Set(elasticsearchSinkConfig.definitions().map(({ group }) => group))]).toEqual(each.want)
    else await checkValidation(each)
    passed++
  })
})

/** Ours for the keys that are recorded: Connect's keys beside them are ours alone. */
function definitionsOf(recorded: readonly RecordedKey[]): unknown[] {
  const names = new Set(recorded.map(({ name }) => name))
  const ours = elasticsearchSinkConfig.definitions().filter(({ name }) => names.has(name))
  return ours.toSorted(byName).map(({ documentation, ...info }) => {
    expect(documentation).not.toBe('')
    const validator = elasticsearchSinkConfig.keys.get(info.name)?.validator
    return validator === null || validator === undefined ? info : { ...info, validator: validator.toString() }
  })
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

async function checkValidation(each: ValidateCase): Promise<void> {
  const server = await startServer(each.server)
  const withAddress = (text: string) => text.replaceAll('${server}', server).replaceAll('${port}', server.replace(/.*:/, ''))
  const given = { name: 'es', topics: 't', 'connection.url': 'http://${server}', ...each.config }
  const props = Object.fromEntries(Object.entries(given).flatMap(([key, value]) => (value === null ? [] : [[key, withAddress(value)]])))
  const values = await validateWithServer(props, ElasticsearchClient.open)
  const want = departures.has(each.name) ? (departures.get(each.name)?.errors ?? {}) : each.want.errors
  expect(JSON.stringify(withoutCauses(errorsOf(values)))).toBe(withAddress(JSON.stringify(withoutCauses(want))))
  const { taskConfig } = each.want
  if (taskConfig === undefined || departures.has(each.name)) expect(() => elasticsearchSinkConfig.parse(props)).not.toThrow()
  else expectError(() => elasticsearchSinkConfig.parse(props), { ...taskConfig, message: withAddress(taskConfig.message ?? '') })
}

function errorsOf(values: readonly ConfigValue[]): Record<string, readonly string[]> {
  return Object.fromEntries(values.filter(({ errorMessages }) => errorMessages.length > 0).map(({ name, errorMessages }) => [name, errorMessages]))
}

function withoutCauses(errors: Readonly<Record<string, readonly string[]>>): unknown {
  const stripped = (message: string) => causes.reduce((text, cause) => text.replace(cause, ''), message)
  return Object.keys(errors)
    .toSorted()
    .map((key) => [key, errors[key]?.map(stripped)])
}

/** @param kind as the cases word it @returns host and port of a server of that kind */
async function startServer(kind: string): Promise<string> {
  const server = createServer((request, response) => answer(kind, request, response))
  const address = await listening(server)
  if (kind === 'none') await stop(server)
  return address
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => stop(server))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

function answer(kind: string, request: IncomingMessage, response: ServerResponse): void {
  if (kind === 'hangs') return
  const isRoot = request.url === '/'
  const status = statusOf(kind, request.method ?? '', isRoot)
  const hasHeader = kind !== '7.17.29 without product header' && !kind.startsWith('OpenSearch')
  response.writeHead(status, { 'content-type': 'application/json', ...(hasHeader ? { 'x-elastic-product': 'Elasticsearch' } : {}) })
  response.end(status === 200 ? JSON.stringify({ version: versionOf(kind) }) : '{"error":{"type":"some_exception","reason":"for the test"}}')
}

function statusOf(kind: string, method: string, isRoot: boolean): number {
  const [, methodAndPath, status] = /^answers (GET \/ |HEAD )?(?:with )?(\d+)$/.exec(kind) ?? []
  if (kind === 'without it') return isRoot ? 200 : 404
  if (status === undefined) return 200
  if (methodAndPath === 'HEAD ') return isRoot || method !== 'HEAD' ? 200 : Number(status)
  return methodAndPath === 'GET / ' && method !== 'GET' ? 200 : Number(status)
}

function versionOf(kind: string): object {
  const number = /\d+\.\d+\.\d+(-SNAPSHOT)?/.exec(kind)?.[0] ?? '7.17.29'
  return kind.startsWith('OpenSearch') ? { number, distribution: 'opensearch' } : { number }
}
