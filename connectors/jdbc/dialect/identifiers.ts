/** Whether names stand in quotation marks; without, the server folds them to lower case. */
export type Quoting = 'always' | 'never'

/** Longest name of PostgreSQL, in bytes; longer ones are cut. */
const longestName = 63

/** A name as SQL has it. Quotation marks inside are doubled. */
export function quoted(name: string, quoting: Quoting = 'always'): string {
  return quoting === 'always' ? `"${name.replaceAll('"', '""')}"` : name
}

/** A text as a literal of SQL, whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  const escaped = text.replaceAll("'", "''")
  return escaped.includes('\\') ? `E'${escaped.replaceAll('\\', String.raw`\\`)}'` : `'${escaped}'`
}

/** The name as the server keeps it, cut at a character. */
export function cutName(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return name
  let cut = ''
  let bytes = 0
  for (const char of name) {
    bytes += Buffer.byteLength(char)
    if (bytes > longestName) return cut
    cut += char
  }
  return cut
}

/** A name with its parts; null: the connection decides. */
export interface TableName {
  readonly database: string | null
  readonly schema: string | null
  readonly table: string
}

/**
 * Takes `[[database.]schema.]table` apart at the dots outside of quotation marks, which are removed. Three parts name the database too;
 * of more the first two count. Confluent, IdentifierRules#parseQualifiedIdentifier and DatabaseDialect#parseTableIdentifier.
 */
export function parseTableName(text: string): TableName {
  const parts = text.includes('"') ? quotedParts(text) : text.split('.')
  const [first = '', second = '', third = ''] = parts
  if (parts.length === 1) return { database: null, schema: null, table: first }
  return parts.length === 3 ? { database: first, schema: second, table: third } : { database: null, schema: first, table: second }
}

/** A quotation mark that opens and closes a whole part quotes it; any other is part of the name. */
function quotedParts(text: string): string[] {
  const parts: string[] = []
  const pattern = /"((?:[^"]|"")*)"(?=\.|$)|([^.]*)/y
  let at = 0
  while (at <= text.length) {
    pattern.lastIndex = at
    const [whole = '', inside, plain = ''] = pattern.exec(text) ?? []
    parts.push(inside === undefined ? plain : inside.replaceAll('""', '"'))
    at += whole.length + 1
  }
  return parts
}
