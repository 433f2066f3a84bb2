import type { ConfigKeyInfo, ConfigValue } from 'standpipe/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AivenJdbcSourceConnector, JdbcSourceConnector } from '../../connectors/jdbc/index.ts'
import { decodeConfig, readCases, type RecordedCase } from '../support/compat-data.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

type RecordedKey = ConfigKeyInfo & { readonly validator?: string }
type Errors = Readonly<Record<string, readonly string[]>>

interface Answer {
  readonly errors: Errors
  /** Keys that are not visible. */
  readonly visible?: Readonly<Record<string, boolean>>
}

interface ValidateCase extends RecordedCase {
  readonly op: 'validate'
  readonly connector: 'source' | 'sink'
  readonly config: Readonly<Record<string, string | null>>
  readonly want: Answer
  readonly aiven: { readonly want?: Answer }
}

type Case =
  | ValidateCase
  | (RecordedCase & { readonly op: 'definition'; readonly want: readonly RecordedKey[] })
  | (RecordedCase & { readonly op: 'groups'; readonly want: readonly string[] })

const refused = (name: string) => `Could not connect to database. ${name}`
const both = ['table.whitelist and table.blacklist are exclusive.']
const noClass = (name: string) => `Invalid value ${name} for configuration jdbc.credentials.provider.class: Class ${name} could not be found.`

/** What ours answers, per class. */
const departures = new Map<string, { readonly reason: string; readonly errors: Errors }>([
  ['source: query WITH (confluent)', { reason: 'WITH reads', errors: {} }],
  ['source: both lists (confluent)', { reason: 'one of them would be ignored', errors: { 'table.whitelist': both, 'table.blacklist': both } }],
  ['source: both lists (aiven)', { reason: 'Aiven’s task says it, here it is said before', errors: { 'table.whitelist': both } }],
  ['source: jdbc.credentials.provider.class=no.Such (confluent)', { reason: 'one sentence is enough', errors: { 'jdbc.credentials.provider.class': [noClass('no.Such')] } }],
  ['source: jdbc.credentials.provider.class=java.lang.String (confluent)', { reason: 'no class of Java is there', errors: { 'jdbc.credentials.provider.class': [noClass('java.lang.String')] } }],
  ['source: db.timezone=EST (aiven)', { reason: 'Java’s short ids are time zones', errors: {} }],
  ['source: server not there (aiven)', { reason: 'said at the key that is wrong', errors: { 'connection.url': [refused('Connection to 127.0.0.1:1 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.')] } }],
  ['source: url of another database (aiven)', { reason: 'said at the key that is wrong', errors: { 'connection.url': [refused('No suitable driver found for jdbc:foo:x')] } }],
  ['source: url is no url (aiven)', { reason: 'said at the key that is wrong', errors: { 'connection.url': [refused('Not a valid JDBC URL: localhost:5432')] } }],
])

const classes = { confluent: JdbcSourceConnector, aiven: AivenJdbcSourceConnector }
const cases = readCases<Case>('jdbc-config')
const ofSource = cases.filter((each) => (each.op === 'validate' ? each.connector === 'source' : each.name.endsWith('source')))
const validations = ofSource.filter((each) => each.op === 'validate')
const database = 'compat'
let passed = 0

describe('compat jdbc-config: keys of the sources', () => {
  it.for(ofSource.filter((each) => each.op !== 'validate'))('$name', (each) => {
    const definition = new classes[each.name.includes('Aiven') ? 'aiven' : 'confluent']().config()
    if (each.op === 'groups') expect([...new Set(definition.definitions().map(({ group }) => group))]).toEqual(each.want)
    else {
      const names = new Set(each.want.map(({ name }) => name))
      const ours = definition.definitions().flatMap(({ documentation, ...info }) => {
        expect(documentation).not.toBe('')
        const validator = definition.keys.get(info.name)?.validator ?? null
        return names.has(info.name) ? [validator === null ? info : { ...info, validator: validator.toString() }] : []
      })
      expect(ours.toSorted(byName)).toEqual(each.want.toSorted(byName))
    }
    passed++
  })
})

await describeWithPostgresql('compat jdbc-config: validation of the sources', (server) => {
  beforeAll(async () => {
    await server.query('postgres', `DROP DATABASE IF EXISTS ${database}`)
    await server.query('postgres', `CREATE DATABASE ${database}`)
    await server.query(database, 'CREATE TABLE t (id serial PRIMARY KEY, name text, ts timestamp NOT NULL)')
  })

  afterAll(() => console.log(`compat jdbc-config: ${passed} of ${ofSource.length + validations.length} (sources; ${departures.size} deliberate departures)`))

  const runs = validations.flatMap((each) => [
    { ...each, family: 'confluent' as const, answer: each.want },
    { ...each, family: 'aiven' as const, answer: each.aiven.want },
  ])

  it.for(runs)('$name ($family)', async ({ name, family, config, answer }) => {
    const given = { name: 'c', 'topic.prefix': 'p-', 'poll.interval.ms': '40', 'poll.linger.ms': '0', 'connection.url': '${url}', 'connection.user': 'postgres', ...config }
    const replaced = (text: string) => text.replaceAll('${url}', server.jdbcUrl(database)).replaceAll('${server}', server.address)
    const props = Object.fromEntries(Object.entries(decodeConfig(given)).map(([key, value]) => [key, replaced(value)]))
    const values = await new classes[family]().validate(props, 'question')
    const want = departures.get(`${name} (${family})`)?.errors ?? withoutRecommended(answer?.errors ?? {})
    expect(errorsOf(values)).toEqual(want)
    if (answer?.visible !== undefined) expect(hiddenOf(values)).toEqual(answer.visible)
    passed++
  })
})

/** Aiven's class looks for tables to recommend and tells what is wrong with another key at the lists too. */
function withoutRecommended(errors: Errors): Errors {
  const kept = Object.entries(errors).map(([key, texts]) => [key, texts.filter((text) => !text.startsWith("Can't get recommended tables"))] as const)
  return Object.fromEntries(kept.filter(([, texts]) => texts.length > 0))
}

function errorsOf(values: readonly ConfigValue[]): Errors {
  return Object.fromEntries(values.flatMap(({ name, errorMessages }) => (errorMessages.length > 0 ? [[name, [...errorMessages]]] : [])))
}

function hiddenOf(values: readonly ConfigValue[]): Record<string, boolean> {
  return Object.fromEntries(values.flatMap(({ name, visible }) => (visible ? [] : [[name, false]])))
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
