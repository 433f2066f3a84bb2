/**
 * Writes src/broker/protocol/messages.ts: layouts and types of the messages that the broker and its tests exchange, from the definitions
 * that Apache Kafka ships in kafka-clients.jar (common/message/*.json). Needs `unzip` and the jars of the test services.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kafkaJars } from '../test/support/services/kafka-jars.ts'

const KAFKA = '4.3.1'

const APIS = [
  ...[
    'Produce',
    'Fetch',
    'ListOffsets',
    'Metadata',
    'OffsetCommit',
    'OffsetFetch',
    'FindCoordinator',
    'JoinGroup',
    'Heartbeat',
    'LeaveGroup',
  ],
  ...['SyncGroup', 'DescribeGroups', 'ListGroups', 'SaslHandshake', 'ApiVersions', 'CreateTopics', 'DeleteTopics', 'DeleteRecords'],
  ...['InitProducerId', 'OffsetForLeaderEpoch', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn', 'TxnOffsetCommit', 'DescribeConfigs'],
  ...['AlterConfigs', 'DescribeLogDirs', 'SaslAuthenticate', 'CreatePartitions', 'DeleteGroups', 'ElectLeaders', 'IncrementalAlterConfigs'],
  ...[
    'ListPartitionReassignments',
    'OffsetDelete',
    'DescribeClientQuotas',
    'DescribeUserScramCredentials',
    'DescribeCluster',
    'DescribeProducers',
  ],
  ...[
    'DescribeTransactions',
    'ListTransactions',
    'ConsumerGroupDescribe',
    'ListConfigResources',
    'DescribeTopicPartitions',
    'WriteTxnMarkers',
  ],
]
const DATA = ['ConsumerProtocolSubscription', 'ConsumerProtocolAssignment']

interface FieldDefinition {
  readonly name: string
  readonly type: string
  readonly versions?: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly ignorable?: boolean
  readonly default?: unknown
  readonly fields?: readonly FieldDefinition[]
}

interface MessageDefinition {
  readonly apiKey?: number
  readonly name: string
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly fields: readonly FieldDefinition[]
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly FieldDefinition[] }[]
}

const jar = join((await kafkaJars()).classPath.replace('*', ''), `kafka-clients-${KAFKA}.jar`)

function definition(name: string): MessageDefinition {
  const text = execFileSync('unzip', ['-p', jar, `common/message/${name}.json`], { encoding: 'utf8' })
  return JSON.parse(text.replaceAll(/^\s*\/\/.*$/gm, '')) as MessageDefinition
}

/** `3+`, `0-4`, `7`, `none` → first and last version. */
function range(text: string | undefined): readonly [number, number] {
  if (text === undefined || text === 'none') return [Infinity, -1]
  const [first, last] = text.endsWith('+') ? [text.slice(0, -1), Infinity] : text.split('-')
  return [Number(first), last === undefined ? Number(first) : Number(last)]
}

const camelCase = (name: string): string => (name[0] ?? '').toLowerCase() + name.slice(1)

const SCALARS: Readonly<Record<string, string>> = {
  bool: 'boolean',
  int8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  uint32: 'number',
  int64: 'number',
  float64: 'number',
  string: 'string',
  uuid: 'string',
  bytes: 'Buffer',
  records: 'Buffer',
}

class MessageWriter {
  readonly #message: MessageDefinition
  readonly #last: number

  constructor(message: MessageDefinition) {
    this.#message = message
    this.#last = range(message.validVersions)[1]
  }

  /** Fields by a getter: whoever starts a broker waits for none of those that it never needs. */
  layout(): string {
    const [first, last] = range(this.#message.validVersions)
    const [flexible] = range(this.#message.flexibleVersions)
    const head = `versions: [${first}, ${last}], flexibleFrom: ${flexible}`
    return `{ ${head}, get fields(): readonly FieldLayout[] { return ${this.#layouts(this.#message.fields)} } }`
  }

  type(): string {
    return this.#struct(this.#message.fields)
  }

  #present(fields: readonly FieldDefinition[]): readonly FieldDefinition[] {
    return fields.filter((field) => {
      const [first, last] = range(field.versions ?? field.taggedVersions)
      return first <= this.#last && last >= range(this.#message.validVersions)[0]
    })
  }

  #fieldsOf(field: FieldDefinition): readonly FieldDefinition[] | undefined {
    return field.fields ?? this.#message.commonStructs?.find(({ name }) => name === field.type.replace('[]', ''))?.fields
  }

  #layouts(fields: readonly FieldDefinition[]): string {
    return `[${this.#present(fields)
      .map((field) => this.#layout(field))
      .join(', ')}]`
  }

  #layout(field: FieldDefinition): string {
    const [from, to] = range(field.versions ?? field.taggedVersions)
    const [nullableFrom] = range(field.nullableVersions)
    const fields = this.#fieldsOf(field)
    const parts = [`name: '${camelCase(field.name)}'`, `type: '${fields === undefined ? field.type.replace('[]', '') : 'struct'}'`]
    if (field.type.startsWith('[]')) parts.push('array: true')
    if (from > 0) parts.push(`from: ${from}`)
    if (to !== Infinity) parts.push(`to: ${to}`)
    if (nullableFrom !== Infinity) parts.push(`nullableFrom: ${nullableFrom}`)
    if (field.tag !== undefined) parts.push(`tag: ${field.tag}`, `tagFrom: ${range(field.taggedVersions)[0]}`)
    const initial = this.#default(field)
    if (initial !== undefined) parts.push(`default: ${initial}`)
    if (fields !== undefined) parts.push(`fields: ${this.#layouts(fields)}`)
    return `{ ${parts.join(', ')} }`
  }

  #default(field: FieldDefinition): string | undefined {
    if (field.default === undefined || field.default === '') return undefined
    const text = typeof field.default === 'string' ? field.default : JSON.stringify(field.default)
    if (text === 'null' || field.type === 'bool') return text
    return field.type === 'string' ? `'${text}'` : String(Number(text))
  }

  #struct(fields: readonly FieldDefinition[]): string {
    const lines = this.#present(fields).map((field) => {
      return `${camelCase(field.name)}${this.#isOptional(field) ? '?' : ''}: ${this.#typeOf(field)}`
    })
    return `{ ${lines.join('; ')} }`
  }

  /** Whoever writes a message may leave out what has a default, and what some versions do not have. */
  #isOptional(field: FieldDefinition): boolean {
    const [first, last] = range(this.#message.validVersions)
    const [from, to] = range(field.versions ?? field.taggedVersions)
    return field.default !== undefined || field.taggedVersions !== undefined || field.ignorable === true || from > first || to < last
  }

  #typeOf(field: FieldDefinition): string {
    const fields = this.#fieldsOf(field)
    const scalar = SCALARS[field.type.replace('[]', '')]
    const item = fields === undefined ? (scalar ?? `unknown /* ${field.type} */`) : this.#struct(fields)
    const isNullable = field.nullableVersions !== undefined || (field.type === 'records' && field.default !== undefined)
    return `${item}${field.type.startsWith('[]') ? '[]' : ''}${isNullable ? ' | null' : ''}`
  }
}

function types(name: string, messages: readonly (readonly [string, MessageDefinition])[]): string {
  return `export interface ${name} {\n${messages.map(([key, message]) => `  ${key}: ${new MessageWriter(message).type()}`).join('\n')}\n}\n`
}

function layouts(messages: readonly (readonly [string, MessageDefinition])[]): string {
  return `{\n${messages.map(([key, message]) => `  ${key}: ${new MessageWriter(message).layout()},`).join('\n')}\n}`
}

const requests = APIS.map((api) => [api, definition(`${api}Request`)] as const)
const responses = APIS.map((api) => [api, definition(`${api}Response`)] as const)
const data = DATA.map((name) => [name, definition(name)] as const)
const keys = requests.map(([api, { apiKey }]) => `  ${api}: ${apiKey},`).join('\n')

writeFileSync(
  new URL('../src/broker/protocol/messages.ts', import.meta.url),
  `// Generated by scripts/generate-kafka-messages.ts from the message definitions of Apache Kafka ${KAFKA} (Apache-2.0). Do not edit.
import type { FieldLayout, MessageLayout } from './layout.ts'

/** Number of each API on the wire. */
export const API_KEYS = {
${keys}
} as const

export type ApiName = keyof typeof API_KEYS

/** Optional fields have a default, so that whoever builds a message may leave them out. A decoded one has them all: see \`Decoded\`. */
${types('RequestMessages', requests)}
${types('ResponseMessages', responses)}
/** What clients put into the byte fields of other messages; a version of two bytes comes first. */
${types('DataMessages', data)}
export const REQUEST_LAYOUTS: { readonly [Api in ApiName]: MessageLayout } = ${layouts(requests)}

export const RESPONSE_LAYOUTS: { readonly [Api in ApiName]: MessageLayout } = ${layouts(responses)}

export const DATA_LAYOUTS: { readonly [Name in keyof DataMessages]: MessageLayout } = ${layouts(data)}
`,
)
