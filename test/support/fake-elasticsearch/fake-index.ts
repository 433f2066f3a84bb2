import type { BulkLine } from './bulk-request.ts'
import { applyMapping, MappingConflict, type IndexMapping } from './mapping.ts'

export interface StoredDocument {
  readonly version: number
  /** Exactly as it came. */
  readonly source: string
}

export interface ItemError {
  readonly type: string
  readonly reason: string
  readonly caused_by?: { readonly type: string; readonly reason: string }
}

/** How one operation ended. */
export interface ItemOutcome {
  readonly status: number
  readonly id: string
  readonly version?: number
  readonly result?: 'created' | 'updated' | 'deleted' | 'not_found' | 'noop'
  readonly error?: ItemError
}

/** An index, or a data stream, which takes nothing but documents with a time that are not there yet. */
export class FakeIndex {
  readonly name: string
  readonly isDataStream: boolean
  readonly mapping: IndexMapping
  readonly #documents = new Map<string, StoredDocument>()
  /** External versions of deleted documents still count. */
  readonly #deleted = new Map<string, number>()
  /** Type of the exception for a document that does not fit: newer servers have one of their own. */
  readonly #parsingException: string
  #ids = 0

  constructor(
    name: string,
    options: { readonly mapping: IndexMapping; readonly isDataStream: boolean; readonly parsingException: string },
  ) {
    this.name = name
    this.mapping = options.mapping
    this.isDataStream = options.isDataStream
    this.#parsingException = options.parsingException
  }

  get documents(): ReadonlyMap<string, StoredDocument> {
    return this.#documents
  }

  execute(operation: BulkLine): ItemOutcome {
    const id = operation.meta._id ?? `made-${++this.#ids}`
    if (this.isDataStream && operation.action !== 'create')
      return failed(400, id, {
        type: 'illegal_argument_exception',
        reason: `only write ops with an op_type of create are allowed in data streams`,
      })
    if (operation.action === 'delete') return this.#delete(id, operation)
    if (operation.action === 'update') return this.#update(id, operation.source ?? '')
    return this.#index(id, operation)
  }

  #index(id: string, operation: BulkLine): ItemOutcome {
    const stored = this.#documents.get(id)
    if (operation.action === 'create' && stored !== undefined)
      return conflict(id, `document already exists (current version [${stored.version}])`)
    const conflicting = this.#externalConflict(id, operation)
    return conflicting ?? this.#store(id, operation.source ?? '', externalVersion(operation) ?? (stored?.version ?? 0) + 1)
  }

  #delete(id: string, operation: BulkLine): ItemOutcome {
    const conflicting = this.#externalConflict(id, operation)
    if (conflicting !== null) return conflicting
    const stored = this.#documents.get(id)
    const version = externalVersion(operation) ?? (stored?.version ?? 0) + 1
    this.#documents.delete(id)
    this.#deleted.set(id, version)
    return stored === undefined ? { status: 404, id, version, result: 'not_found' } : { status: 200, id, version, result: 'deleted' }
  }

  #update(id: string, source: string): ItemOutcome {
    const request = JSON.parse(source) as { doc?: Record<string, unknown>; doc_as_upsert?: boolean; upsert?: Record<string, unknown> }
    const stored = this.#documents.get(id)
    if (stored === undefined) {
      const created = request.doc_as_upsert === true ? request.doc : request.upsert
      if (created === undefined) return failed(404, id, { type: 'document_missing_exception', reason: `[${id}]: document missing` })
      return this.#store(id, JSON.stringify(created), 1)
    }
    const merged = JSON.stringify(deepMerge(JSON.parse(stored.source) as Record<string, unknown>, request.doc ?? {}))
    if (merged === stored.source) return { status: 200, id, version: stored.version, result: 'noop' }
    return this.#store(id, merged, stored.version + 1)
  }

  #externalConflict(id: string, operation: BulkLine): ItemOutcome | null {
    const version = externalVersion(operation)
    const current = this.#documents.get(id)?.version ?? this.#deleted.get(id)
    if (version === null || current === undefined || version > current) return null
    return conflict(id, `current version [${current}] is higher or equal to the one provided [${version}]`)
  }

  #store(id: string, source: string, version: number): ItemOutcome {
    const isNew = !this.#documents.has(id)
    try {
      applyMapping(this.mapping, source, id)
      if (this.isDataStream && (JSON.parse(source) as Record<string, unknown>)['@timestamp'] === undefined)
        throw new MappingConflict('', 'data stream timestamp field [@timestamp] is missing')
    } catch (error) {
      return failed(400, id, this.#documentError(error))
    }
    this.#documents.set(id, { version, source })
    this.#deleted.delete(id)
    return { status: isNew ? 201 : 200, id, version, result: isNew ? 'created' : 'updated' }
  }

  #documentError(error: unknown): ItemError {
    if (!(error instanceof MappingConflict)) return { type: this.#parsingException, reason: `failed to parse: ${String(error)}` }
    const type = error.type === '' ? this.#parsingException : error.type
    return { type, reason: error.message, ...(error.causedBy === null ? {} : { caused_by: error.causedBy }) }
  }
}

function failed(status: number, id: string, error: ItemError): ItemOutcome {
  return { status, id, error }
}

function conflict(id: string, reason: string): ItemOutcome {
  return failed(409, id, { type: 'version_conflict_engine_exception', reason: `[${id}]: version conflict, ${reason}` })
}

function externalVersion({ meta }: BulkLine): number | null {
  return meta.version_type === 'external' ? (meta.version ?? 0) : null
}

function deepMerge(into: Record<string, unknown>, from: Record<string, unknown>): Record<string, unknown> {
  for (const [key, value] of Object.entries(from)) {
    const present = into[key]
    into[key] = isObject(present) && isObject(value) ? deepMerge(present, value) : value
  }
  return into
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
