/** An error as Elasticsearch words it: of one item of a bulk answer, or of a whole request. */
export interface ServerError {
  readonly type: string
  readonly reason: string
  readonly causedBy: ServerError | null
}

/** The server's no to one operation. */
export interface ItemError {
  /** Place in the request. */
  readonly index: number
  readonly status: number
  readonly error: ServerError
}

/** What of an answer is asked for: enough to tell which operations failed and why. */
export const bulkFilterPath = 'errors,items.*.status,items.*.error'

const OPEN = 123
const QUOTE = 34
const noErrors: readonly ItemError[] = []

/**
 * Reads the answer to a bulk request.
 * @param count operations sent
 * @returns those that were refused; null: this is no answer to that request
 */
export function readBulkAnswer(text: string, count: number): readonly ItemError[] | null {
  if (saysAllWell(text, count)) return noErrors
  const answer = parsedJson(text)
  if (!isObject(answer)) return null
  const items: unknown = answer['items']
  // Whoever leaves items out of an answer without errors says all the same that there are none.
  if (items === undefined && answer['errors'] === false) return noErrors
  return Array.isArray(items) && items.length >= count ? itemErrors(items.slice(0, count)) : null
}

/** Told without parsing: `errors` is false, and there are as many items as operations, each two objects deep without a text in braces. */
function saysAllWell(text: string, count: number): boolean {
  const at = text.indexOf('"errors":false')
  if (at < 0 || at > 64) return false
  let objects = 0
  for (let position = 0; position < text.length; position++) {
    const unit = text.charCodeAt(position)
    if (unit === OPEN) objects++
    else if (unit === QUOTE) position = text.indexOf('"', position + 1)
    if (position < 0) return false
  }
  return objects === 2 * count + 1
}

/** Null: one of them says nothing of its operation. */
function itemErrors(items: readonly unknown[]): readonly ItemError[] | null {
  const errors: ItemError[] = []
  for (const [index, item] of items.entries()) {
    const result = isObject(item) ? Object.values(item)[0] : null
    if (!isObject(result)) return null
    if (result['error'] === undefined) continue
    errors.push({ index, status: Number(result['status'] ?? 0), error: readServerError(result['error']) })
  }
  return errors
}

/** @param error `{"type":…,"reason":…,"caused_by":…}`, or in old answers a text */
export function readServerError(error: unknown): ServerError {
  if (!isObject(error)) return { type: 'exception', reason: typeof error === 'string' ? error : JSON.stringify(error), causedBy: null }
  return {
    type: text(error['type']),
    reason: text(error['reason']),
    causedBy: isObject(error['caused_by']) ? readServerError(error['caused_by']) : null,
  }
}

/** Null: not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? 'null' : JSON.stringify(value)
}
