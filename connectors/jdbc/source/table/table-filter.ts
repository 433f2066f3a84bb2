import type { FilterSettings } from '../config/settings.ts'
import type { DiscoveredTable } from './discovery.ts'

/** Those of the tables that the filters let through. */
export function chosenTables(tables: readonly DiscoveredTable[], filter: FilterSettings): readonly DiscoveredTable[] {
  const whitelist = new Set(filter.whitelist)
  const blacklist = new Set(filter.blacklist)
  if (filter.excludesOnly) return []
  if (filter.include.length > 0) return tables.filter((table) => matches(filter.include, table) && !matches(filter.exclude, table))
  if (whitelist.size > 0) return tables.filter((table) => isNamed(whitelist, table))
  return tables.filter((table) => !isNamed(blacklist, table))
}

/** Names that more than one of the tables has, each once: their records would share a topic. */
export function duplicateNames(tables: readonly DiscoveredTable[]): readonly string[] {
  const names = tables.map(({ name }) => name)
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}

function isNamed(list: ReadonlySet<string>, { schema, name }: DiscoveredTable): boolean {
  return list.has(name) || list.has(`${schema}.${name}`) || list.has(`"${schema}"."${name}"`)
}

function matches(patterns: readonly RegExp[], { schema, name }: DiscoveredTable): boolean {
  return patterns.some((pattern) => pattern.test(`${schema}.${name}`))
}
