import type { Props } from 'standpipe/api'
import { startsWithSelect } from '../query/query-text.ts'
import { sourceConfigs } from './definitions.ts'

/** One problem and the keys it is shown at. */
export interface Contradiction {
  readonly keys: readonly string[]
  readonly message: string
}

const legacyKeys = ['table.whitelist', 'table.blacklist', 'incrementing.column.name', 'timestamp.column.name'] as const
const patternKeys = ['table.include.list', 'table.exclude.list', 'timestamp.columns.mapping', 'incrementing.column.mapping'] as const
const filterKeys = ['table.whitelist', 'table.blacklist', 'table.include.list', 'table.exclude.list'] as const

/** Problems of Confluent's keys beside each other. @param rightProps those of the keys that are right by themselves */
export function contradictions(props: Props, rightProps: Props): Contradiction[] {
  const isSet = (key: string) => (props[key] ?? '').trim() !== ''
  const keys = sourceConfigs.confluent.parse(rightProps)
  return [
    ...mixedFilters(isSet),
    ...queryProblems(isSet, [keys.query, keys['query.masked'].value()]),
    ...mappingProblems(isSet, keys.mode),
    ...isolationProblems(keys['transaction.isolation.mode']),
    ...pageProblems(keys['page.rows'], keys['query.suffix']),
  ]
}

type IsSet = (key: string) => boolean

function mixedFilters(isSet: IsSet): Contradiction[] {
  const problems: Contradiction[] = []
  const used = [...legacyKeys, ...patternKeys].filter(isSet)
  if (legacyKeys.some(isSet) && patternKeys.some(isSet)) {
    const message = `Cannot mix legacy and new filters: ${used.join(', ')}. Use either ${legacyKeys.join(', ')} or ${patternKeys.join(', ')}.`
    problems.push({ keys: used, message })
  }
  if (isSet('table.whitelist') && isSet('table.blacklist')) {
    problems.push({ keys: ['table.whitelist', 'table.blacklist'], message: 'table.whitelist and table.blacklist are exclusive.' })
  }
  if (isSet('table.exclude.list') && !isSet('table.include.list')) {
    problems.push({ keys: ['table.exclude.list'], message: "'table.exclude.list' needs 'table.include.list'. Add it, .* for all tables." })
  }
  return problems
}

function queryProblems(isSet: IsSet, queries: readonly string[]): Contradiction[] {
  const given = queries.filter((query) => query !== '')
  if (given.length === 0) return []
  const message = "Both 'query' and 'query.masked' configs cannot be set at the same time. Please use only one of them."
  if (given.length > 1) return [{ keys: ['query', 'query.masked'], message }]
  const problems: Contradiction[] = []
  const filters = filterKeys.filter(isSet)
  if (filters.length > 0) problems.push({ keys: ['query', 'query.masked', ...filters], message: queryWithFilters })
  const notSelect = "Only SELECT statements are supported for 'query'. Please provide a statement that starts with SELECT."
  if (!given.every(startsWithSelect)) problems.push({ keys: [isSet('query') ? 'query' : 'query.masked'], message: notSelect })
  return problems
}

const queryWithFilters =
  "Do not specify table filtering configs with 'query'. Remove table.whitelist / table.blacklist / table.include.list / table.exclude.list when using query mode or 'query' when using table filtering mode."

/** Of the new style: each mode needs its mapping, and no other. */
function mappingProblems(isSet: IsSet, mode: string): Contradiction[] {
  if (!patternKeys.some(isSet) || legacyKeys.some(isSet)) return []
  const problems: Contradiction[] = []
  const parts = [
    { what: 'Incrementing column', key: 'incrementing.column.mapping', modes: ['incrementing', 'timestamp+incrementing'] },
    { what: 'Timestamp column', key: 'timestamp.columns.mapping', modes: ['timestamp', 'timestamp+incrementing'] },
  ]
  for (const { what, key, modes } of parts) {
    const named = modes.map((each) => `'${each}'`).join(' or ')
    if (modes.includes(mode) && !isSet(key)) {
      problems.push({ keys: ['mode'], message: `${what} configuration must be provided when using mode ${named}. Provide '${key}'.` })
    }
    if (!modes.includes(mode) && isSet(key)) {
      problems.push({ keys: ['mode'], message: `${what} configurations should not be provided if mode is not ${named}. Remove '${key}'.` })
    }
  }
  return problems
}

function isolationProblems(mode: string): Contradiction[] {
  if (mode.toUpperCase() !== 'SQL_SERVER_SNAPSHOT') return []
  const message = 'Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect'
  return [{ keys: ['transaction.isolation.mode'], message }]
}

function pageProblems(pageRows: number, suffix: string): Contradiction[] {
  if (pageRows === 0 || suffix.trim() === '') return []
  return [
    { keys: ['page.rows', 'query.suffix'], message: 'page.rows and query.suffix are exclusive: both stand at the end of the statement.' },
  ]
}
