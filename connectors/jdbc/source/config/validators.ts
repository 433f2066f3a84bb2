import { ConfigException, lambda, validString, type Validator } from 'standpipe/api'
import { timeZone } from '../../dialect/config-validators.ts'
import { parseColumnMapping } from './column-mapping.ts'
import { tablePattern } from './table-pattern.ts'

/** `db.timezone` in each family's words. */
export const confluentZone = timeZone(
  'Invalid time zone identifier',
  "valid time zone identifier (e.g., 'Europe/Helsinki', 'UTC+2', 'Z', 'CET')",
)

/** One of Java's modes, which are the ones named to the user, or ours. */
export function modeIn(...modes: readonly string[]): Validator<string> {
  const listed = validString(...modes)
  return lambda<string>((name, value) => {
    if (value !== 'cdc') listed.ensureValid(name, value)
  }, listed.toString())
}

/** Letters, digits, points, dashes and underscores, at most 249, blanks around left out. */
export const topicPrefix = lambda<string>((name, value) => {
  const prefix = (value ?? '').trim()
  if (prefix.length > 249) throw ConfigException.forKey(name, value, 'Topic prefix length must not exceed max topic name length, 249 chars')
  if (!/^[a-zA-Z0-9._-]*$/.test(prefix)) {
    throw ConfigException.forKey(
      name,
      value,
      "Topic prefix must not contain any character other than ASCII alphanumerics, '.', '_' and '-'.",
    )
  }
}, 'a name part of topics')

/** Regular expressions that have to match whole table names. */
export const tablePatterns = lambda<readonly string[]>((name, value) => {
  for (const pattern of value ?? []) tablePattern(name, pattern, value ?? [])
}, 'regular expressions')

/** `regex:column` pairs. */
export const incrementingMapping = lambda<readonly string[]>((name, value) => {
  parseColumnMapping(name, value ?? [], 'one')
}, 'regex:column pairs')

/** `regex:[column|column]` pairs. */
export const timestampMapping = lambda<readonly string[]>((name, value) => {
  parseColumnMapping(name, value ?? [], 'list')
}, 'regex:[column|column] pairs')
