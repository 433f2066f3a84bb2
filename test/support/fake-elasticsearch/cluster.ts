import { BadBulkRequest, parseBulkBody, type BulkLine } from './bulk-request.ts'
import { FakeIndex, type ItemOutcome } from './fake-index.ts'
import { errorBody, type ItemFault } from './faults.ts'
import type { IndexMapping } from './mapping.ts'

export interface Flavour {
  readonly distribution: 'elasticsearch' | 'opensearch'
  readonly version: string
}

export interface Answer {
  readonly status: number
  /** Absent: no body. */
  readonly body?: unknown
}

interface IndexBody {
  readonly mappings?: IndexMapping
  readonly aliases?: Readonly<Record<string, unknown>>
}

/** Newer servers call a document that does not fit by a name of its own. */
const DOCUMENT_PARSING_SINCE = [8, 8] as const

const MOST_ID_BYTES = 512
const BUILT_IN_TEMPLATES = ['logs-*-*', 'metrics-*-*', 'traces-*-*', 'synthetics-*-*']

/** The state of the fake server and what each API does to it; knows nothing of HTTP but status and body. */
export class FakeCluster {
  readonly flavour: Flavour
  readonly indices = new Map<string, FakeIndex>()
  readonly aliases = new Map<string, string>()
  readonly templates = new Set<string>(BUILT_IN_TEMPLATES)
  /** False: a bulk item for an index that is not there fails. */
  autoCreate = true

  constructor(flavour: Flavour) {
    this.flavour = flavour
  }

  info(): Answer {
    const { distribution, version } = this.flavour
    const number = { number: version, ...(distribution === 'opensearch' ? { distribution } : { build_flavor: 'default' }) }
    return { status: 200, body: { name: 'fake', cluster_name: 'fake', cluster_uuid: 'fake', version: number } }
  }

  find(name: string): FakeIndex | undefined {
    return this.indices.get(this.aliases.get(name) ?? name)
  }

  createIndex(name: string, body: IndexBody): Answer {
    const wrong = invalidName(name)
    if (wrong !== null) return refused(400, 'invalid_index_name_exception', `Invalid index name [${name}], ${wrong}`)
    if (this.find(name) !== undefined) return refused(400, 'resource_already_exists_exception', `index [${name}/fake] already exists`)
    this.#add(name, body.mappings ?? {}, false)
    for (const alias of Object.keys(body.aliases ?? {})) this.aliases.set(alias, name)
    return { status: 200, body: { acknowledged: true, shards_acknowledged: true, index: name } }
  }

  createDataStream(name: string): Answer {
    const matches = (template: string) => new RegExp(`^${template.replaceAll('*', '.*')}$`).test(name)
    if (![...this.templates].some(matches))
      return refused(400, 'illegal_argument_exception', `no matching index template found for data stream [${name}]`)
    if (this.find(name) !== undefined) return refused(400, 'resource_already_exists_exception', `data_stream [${name}] already exists`)
    this.#add(name, { properties: { '@timestamp': { type: 'date' } } }, true)
    return { status: 200, body: { acknowledged: true } }
  }

  mappingOf(name: string): Answer {
    const index = this.find(name)
    if (index === undefined) return missing(name)
    const { properties, ...rest } = index.mapping
    const hasFields = properties !== undefined && Object.keys(properties).length > 0
    return { status: 200, body: { [index.name]: { mappings: { ...rest, ...(hasFields ? { properties } : {}) } } } }
  }

  putMapping(name: string, body: IndexMapping): Answer {
    const index = this.find(name)
    if (index === undefined) return missing(name)
    const unknown = Object.keys(body).filter((key) => key !== 'properties' && key !== 'dynamic')
    if (unknown.length > 0)
      return refused(400, 'mapper_parsing_exception', `Root mapping definition has unsupported parameters:  ${unknown.join(' ')}`)
    for (const [field, definition] of Object.entries(body.properties ?? {})) {
      const present = index.mapping.properties?.[field]
      if (present?.type !== undefined && definition.type !== present.type)
        return refused(
          400,
          'illegal_argument_exception',
          `mapper [${field}] cannot be changed from type [${present.type}] to [${String(definition.type)}]`,
        )
      ;(index.mapping.properties ??= {})[field] = definition
    }
    if (body.dynamic !== undefined) index.mapping.dynamic = body.dynamic
    return { status: 200, body: { acknowledged: true } }
  }

  /**
   * @param outcomeOf refuses single operations; null lets one through
   * @throws nothing: a body that cannot be read is a refusal of the whole request
   */
  bulk(body: string, defaultIndex: string | null, outcomeOf: (position: number, id: string | undefined) => ItemFault | null): Answer {
    let operations: BulkLine[]
    try {
      operations = parseBulkBody(body)
      refuseLongIds(operations)
    } catch (error) {
      if (error instanceof BadBulkRequest) return refused(400, 'illegal_argument_exception', error.message)
      throw error
    }
    const items = operations.map((operation, position) => this.#item(operation, defaultIndex, outcomeOf, position))
    const errors = items.some((item) => Object.values(item)[0]!.error !== undefined)
    return { status: 200, body: { took: 1, errors, items } }
  }

  #item(
    operation: BulkLine,
    defaultIndex: string | null,
    outcomeOf: (position: number, id: string | undefined) => ItemFault | null,
    position: number,
  ): Record<string, Pick<ItemOutcome, 'error'>> {
    const name = operation.meta._index ?? defaultIndex ?? ''
    const id = operation.meta._id
    const fault = outcomeOf(position, id)
    const outcome: ItemOutcome = fault === null ? this.#execute(name, operation) : { id: id ?? '', ...fault }
    const { id: stored, version, ...rest } = outcome
    return Object.fromEntries([
      [operation.action, { _index: name, _id: stored, ...(version === undefined ? {} : { _version: version }), ...rest }],
    ])
  }

  #execute(name: string, operation: BulkLine): ItemOutcome {
    const id = operation.meta._id ?? ''
    let index = this.find(name)
    if (index === undefined) {
      if (!this.autoCreate || operation.meta.require_alias === true)
        return { status: 404, id, error: { type: 'index_not_found_exception', reason: `no such index [${name}]` } }
      index = this.#add(name, {}, false)
    }
    return index.execute(operation)
  }

  #add(name: string, mapping: IndexMapping, isDataStream: boolean): FakeIndex {
    const index = new FakeIndex(name, { mapping: structuredClone(mapping), isDataStream, parsingException: this.#parsingException() })
    this.indices.set(name, index)
    return index
  }

  #parsingException(): string {
    const [major = 0, minor = 0] = this.flavour.version.split('.').map(Number)
    const [sinceMajor, sinceMinor] = DOCUMENT_PARSING_SINCE
    const isNew = this.flavour.distribution === 'elasticsearch' && (major > sinceMajor || (major === sinceMajor && minor >= sinceMinor))
    return isNew ? 'document_parsing_exception' : 'mapper_parsing_exception'
  }
}

export function refused(status: number, type: string, reason: string): Answer {
  return { status, body: errorBody(status, type, reason) }
}

export function missing(name: string): Answer {
  return refused(404, 'index_not_found_exception', `no such index [${name}]`)
}

function refuseLongIds(operations: readonly BulkLine[]): void {
  for (const { meta } of operations) {
    const bytes = Buffer.byteLength(meta._id ?? '')
    if (bytes > MOST_ID_BYTES)
      throw new BadBulkRequest(
        `Validation Failed: 1: id [${String(meta._id)}] is too long, must be no longer than 512 bytes but was: ${bytes};`,
      )
  }
}

function invalidName(name: string): string | null {
  if (name !== name.toLowerCase()) return 'must be lowercase'
  if (/^[-_+]/.test(name)) return "must not start with '_', '-', or '+'"
  if (name === '.' || name === '..') return "must not be '.' or '..'"
  if (/[\\/*?"<>| ,#:]/.test(name)) return 'must not contain the following characters [\\,/,*,?,",<,>,|, ,,,#,:]'
  if (Buffer.byteLength(name) > 255) return `index name is too long, (${Buffer.byteLength(name)} > 255)`
  return null
}
