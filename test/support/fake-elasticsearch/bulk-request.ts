/** What an operation's first line says of it, as sent. */
export interface OperationMeta {
  readonly _index?: string
  readonly _id?: string
  readonly version?: number
  readonly version_type?: string
  readonly retry_on_conflict?: number
  readonly require_alias?: boolean
}

/** One operation as it stands in a bulk body. */
export interface BulkLine {
  readonly action: 'index' | 'create' | 'update' | 'delete'
  readonly meta: OperationMeta
  /** Text of the action's line. */
  readonly actionText: string
  /** Text of the document's line; null for a delete. */
  readonly source: string | null
}

const ACTIONS = ['index', 'create', 'update', 'delete'] as const

/** A body that a server refuses whole, with the reason it gives. */
export class BadBulkRequest extends Error {}

/** Reads NDJSON as the servers do: line by line, refusing what they refuse. */
export function parseBulkBody(body: string): BulkLine[] {
  if (body.length === 0) throw new BadBulkRequest('request body is required')
  if (!body.endsWith('\n')) throw new BadBulkRequest('The bulk request must be terminated by a newline [\\n]')
  const lines = body.slice(0, -1).split('\n')
  const operations: BulkLine[] = []
  for (let at = 0; at < lines.length; at++) {
    const actionText = lines[at]!
    if (actionText === '') continue
    const { action, meta } = parseActionLine(actionText, at + 1)
    const source = action === 'delete' ? null : (lines[++at] ?? null)
    if (action !== 'delete' && source === null) throw new BadBulkRequest('Validation Failed: 1: no requests added;')
    operations.push({ action, meta, actionText, source })
  }
  return operations
}

function parseActionLine(text: string, line: number): Pick<BulkLine, 'action' | 'meta'> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new BadBulkRequest(`Malformed action/metadata line [${line}], expected a simple value or START_OBJECT`)
  }
  const [name, meta] = Object.entries(parsed as Record<string, OperationMeta>)[0] ?? []
  const action = ACTIONS.find((known) => known === name)
  if (action === undefined || meta === undefined)
    throw new BadBulkRequest(
      `Malformed action/metadata line [${line}], expected field [create], [delete], [index] or [update] but found [${name ?? ''}]`,
    )
  for (const key of ['_type', '_version', '_version_type', '_retry_on_conflict'])
    if (key in meta) throw new BadBulkRequest(`Action/metadata line [${line}] contains an unknown parameter [${key}]`)
  return { action, meta }
}
