/** What a mapping says of one field: a leaf type, or an object with fields of its own. */
export interface FieldMapping {
  type?: string
  properties?: Record<string, FieldMapping>
  fields?: Record<string, FieldMapping>
  ignore_above?: number
  null_value?: unknown
}

export interface IndexMapping {
  dynamic?: boolean | 'strict' | 'false' | 'true'
  properties?: Record<string, FieldMapping>
}

/** Why a document does not fit; the server wraps it in its own words for a document that cannot be parsed. */
export class MappingConflict extends Error {
  readonly type: string
  /** Innermost cause, such as number_format's; null when the conflict has none. */
  readonly causedBy: { readonly type: string; readonly reason: string } | null

  constructor(type: string, message: string, causedBy: MappingConflict['causedBy'] = null) {
    super(message)
    this.type = type
    this.causedBy = causedBy
  }
}

const INTEGER_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32768, 32767],
  integer: [-(2 ** 31), 2 ** 31 - 1],
  long: [-(2 ** 63), 2 ** 63],
}

const ISO_DATE = /^\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d([.,]\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/

/**
 * Checks a document against the mapping, and adds the fields it does not know: a number becomes long or float by its text, as on the servers.
 * @param raw text of the document, for the numbers JSON.parse flattens (2.0 is a float)
 * @param id for the reason
 * @throws MappingConflict
 */
export function applyMapping(mapping: IndexMapping, raw: string, id: string): void {
  const document = JSON.parse(raw, keepNumberText) as Record<string, unknown>
  mapping.properties ??= {}
  mapFields(mapping.properties, document, '', { id, dynamic: String(mapping.dynamic ?? true) })
}

/** A number with the text it was written in. */
class NumberText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function keepNumberText(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? new NumberText(context?.source ?? String(value)) : value
}

interface Where {
  readonly id: string
  readonly dynamic: string
}

function mapFields(known: Record<string, FieldMapping>, fields: Record<string, unknown>, prefix: string, where: Where): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue
    const path = prefix + name
    for (const element of flattened(value)) {
      const field = known[name] ?? added(known, name, element, path, prefix, where)
      if (field !== null) check(field, element, path, where)
    }
  }
}

/** An array is its elements, on every level. */
function flattened(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flattened) : value === null ? [] : [value]
}

function added(
  known: Record<string, FieldMapping>,
  name: string,
  value: unknown,
  path: string,
  prefix: string,
  where: Where,
): FieldMapping | null {
  if (where.dynamic === 'false') return null
  if (where.dynamic === 'strict') {
    const parent = prefix === '' ? '_doc' : prefix.slice(0, -1)
    throw new MappingConflict(
      'strict_dynamic_mapping_exception',
      `mapping set to strict, dynamic introduction of [${path}] within [${parent}] is not allowed`,
    )
  }
  const field = dynamicType(value)
  known[name] = field
  return field
}

function dynamicType(value: unknown): FieldMapping {
  if (value instanceof NumberText) return { type: /[.eE]/.test(value.text) ? 'float' : 'long' }
  if (typeof value === 'boolean') return { type: 'boolean' }
  if (typeof value === 'string')
    return ISO_DATE.test(value) && value.length > 4
      ? { type: 'date' }
      : { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } }
  return { properties: {} }
}

function check(field: FieldMapping, value: unknown, path: string, where: Where): void {
  const isObject = typeof value === 'object' && !(value instanceof NumberText)
  if (field.properties !== undefined) {
    if (!isObject)
      throw new MappingConflict('', `object mapping for [${path}] tried to parse field [${path}] as object, but found a concrete value`)
    mapFields(field.properties, value as Record<string, unknown>, `${path}.`, where)
    return
  }
  const wrong = isObject ? objectForLeaf(field) : scalarProblem(field, value)
  if (wrong === null) return
  const preview = isObject ? JSON.stringify(value) : textOf(value)
  throw new MappingConflict(
    '',
    `failed to parse field [${path}] of type [${field.type ?? ''}] in document with id '${where.id}'. Preview of field's value: '${preview}'`,
    wrong,
  )
}

function objectForLeaf(field: FieldMapping): MappingConflict['causedBy'] {
  const reason =
    field.type === 'text' || field.type === 'keyword'
      ? "Can't get text on a START_OBJECT at 1:1"
      : 'Current token (START_OBJECT) not numeric, can not use numeric value accessors'
  return { type: 'illegal_argument_exception', reason }
}

function scalarProblem(field: FieldMapping, value: unknown): MappingConflict['causedBy'] {
  const text = textOf(value)
  const range = INTEGER_RANGES[field.type ?? '']
  if (range !== undefined || field.type === 'float' || field.type === 'double') return numberProblem(value, text, range)
  if (field.type === 'boolean' && !['true', 'false', ''].includes(text))
    return { type: 'illegal_argument_exception', reason: `Failed to parse value [${text}] as only [true] or [false] are allowed.` }
  if (field.type === 'date' && !(value instanceof NumberText) && !ISO_DATE.test(text))
    return {
      type: 'illegal_argument_exception',
      reason: `failed to parse date field [${text}] with format [strict_date_optional_time||epoch_millis]`,
    }
  return null
}

function numberProblem(value: unknown, text: string, range: readonly [number, number] | undefined): MappingConflict['causedBy'] {
  if (typeof value === 'boolean')
    return {
      type: 'input_coercion_exception',
      reason: `Current token (VALUE_${text.toUpperCase()}) not numeric, can not use numeric value accessors`,
    }
  const number = Number(text)
  if (text.trim() === '' || Number.isNaN(number)) return { type: 'number_format_exception', reason: `For input string: "${text}"` }
  if (range !== undefined && (number < range[0] || number > range[1]))
    return { type: 'illegal_argument_exception', reason: `Value [${text}] is out of range` }
  return null
}

function textOf(value: unknown): string {
  return value instanceof NumberText ? value.text : String(value)
}
