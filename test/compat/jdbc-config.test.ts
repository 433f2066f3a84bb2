import type { ConfigKeyInfo, ConfigValue } from 'standpipe/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AivenJdbcSinkConnector, JdbcSinkConnector } from '../../connectors/jdbc/index.ts'
import { decodeConfig, readCases, type RecordedCase, type RecordedError } from '../support/compat-data.ts'
import { describeWithPostgresql } from '../support/services/postgresql-suite.ts'

type RecordedKey = ConfigKeyInfo & { readonly validator?: string }

interface Answer {
  readonly errors: Readonly<Record<string, readonly string[]>>
  /** Keys that are not visible. */
  readonly visible?: Readonly<Record<string, boolean>>
}

interface ValidateCase extends RecordedCase {
  readonly op: 'validate'
  readonly connector: 'source' | 'sink'
  readonly config: Readonly<Record<string, string | null>>
  readonly want?: Answer
  readonly aiven: { readonly want?: Answer; readonly error?: RecordedError }
}

interface DefinitionCase extends RecordedCase {
  readonly op: 'definition'
  readonly want: readonly RecordedKey[]
}

interface GroupsCase extends RecordedCase {
  readonly op: 'groups'
  readonly want: readonly string[]
}

type Case = ValidateCase | DefinitionCase | GroupsCase

const cases = readCases<Case>('jdbc-config')
const ofSink = cases.filter((each) => (each.op === 'validate' ? each.connector === 'sink' : each.name.endsWith('sink')))
const validations = ofSink.filter((each) => each.op === 'validate')
const database = 'compat'
let passed = 0

/** What ours answers, per class. */
const departures = new Map<string, { readonly reason: string; readonly errors: Readonly<Record<string, readonly string[]>> }>([
  ['sink: db.timezone=EST (confluent)', { reason: 'Java’s short ids are time zones, also to a validation', errors: {} }],
  ['sink: db.timezone=EST (aiven)', { reason: 'Java’s short ids are time zones', errors: {} }],
  [
    'sink: topics.to.tables.mapping=a:b,a:c (aiven)',
    {
      reason: 'a validation answers, it does not fail',
      errors: { 'topics.to.tables.mapping': ['Invalid value a:b,a:c for configuration topics.to.tables.mapping: Duplicate key a'] },
    },
  ],
])

const classes = { confluent: JdbcSinkConnector, aiven: AivenJdbcSinkConnector }

describe('compat jdbc-config: keys of the sinks', () => {
  it.for(ofSink.filter((each) => each.op !== 'validate'))('$name', (each) => {
    const connector = new classes[each.name.includes('Aiven') ? 'aiven' : 'confluent']()
    const definition = connector.config()
    if (each.op === 'groups') expect([...new Set(definition.definitions().map(({ group }) => group))]).toEqual(each.want)
    else expect(definitionsOf(connector, each.want)).toEqual(each.want.map(withoutIdentityHash).toSorted(byName))
    passed++
  })
})

await describeWithPostgresql('compat jdbc-config: validation of the sinks', (server) => {
  beforeAll(async () => {
    await server.query('postgres', `DROP DATABASE IF EXISTS ${database}`)
    await server.query('postgres', `CREATE DATABASE ${database}`)
    await server.query(database, 'CREATE TABLE t (id serial PRIMARY KEY, name text, ts timestamp NOT NULL)')
  })

  afterAll(() => console.log(`compat jdbc-config: ${passed} of ${ofSink.length + validations.length} (sinks; ${departures.size} deliberate departures)`))

  const runs = validations.flatMap((each) => [
    { ...each, family: 'confluent' as const, answer: each.want },
    { ...each, family: 'aiven' as const, answer: each.aiven.want },
  ])

  it.for(runs)('$name ($family)', async ({ name, family, config, answer }) => {
    const replaced = (text: string) => text.replaceAll('${url}', server.jdbcUrl(database)).replaceAll('${server}', server.address)
    const given = { name: 'c', topics: 't', 'connection.url': '${url}', 'connection.user': 'postgres', ...config }
    const props = Object.fromEntries(Object.entries(decodeConfig(given)).map(([key, value]) => [key, replaced(value)]))
    const values = await new classes[family]().validate(props, 'question')
    const want = departures.get(`${name} (${family})`)?.errors ?? answer?.errors ?? {}
    expect(errorsOf(values)).toEqual(want)
    if (answer?.visible !== undefined) expect(hiddenOf(values)).toEqual(answer.visible)
    passed++
  })
})

/** Ours for the keys that are recorded: those of ours alone stand beside them. */
function definitionsOf(connector: InstanceType<(typeof classes)[keyof typeof classes]>, recorded: readonly RecordedKey[]): unknown[] {
  const names = new Set(recorded.map(({ name }) => name))
  const definition = connector.config()
  const ours = definition.definitions().filter(({ name }) => names.has(name))
  return ours.toSorted(byName).map(({ documentation, ...info }) => {
    expect(documentation).not.toBe('')
    const validator = definition.keys.get(info.name)?.validator
    return validator === null || validator === undefined ? info : { ...info, validator: validator.toString() }
  })
}

/** One validator of Aiven's has no text but its Java identity. */
function withoutIdentityHash(key: RecordedKey): RecordedKey {
  return key.validator?.includes('@') === true ? { ...key, validator: 'list of topic:table pairs' } : key
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

function errorsOf(values: readonly ConfigValue[]): Record<string, readonly string[]> {
  const wrong = values.filter(({ errorMessages }) => errorMessages.length > 0)
  return Object.fromEntries(wrong.map(({ name, errorMessages }) => [name, errorMessages]))
}

function hiddenOf(values: readonly ConfigValue[]): Record<string, boolean> {
  return Object.fromEntries(values.filter(({ visible }) => !visible).map(({ name }) => [name, false]))
}
