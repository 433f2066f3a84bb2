import type { Logger, Props } from 'standpipe/api'
import { ignoredParameters } from '../../dialect/connection-settings.ts'
import type { SourceFamily } from './definitions.ts'
import { driverParameters } from './settings.ts'

/** Keys that stand in real files and do nothing, with what to do instead. */
const misspelt: Readonly<Record<string, string>> = {
  'decimal.handling.mode': 'the key is numeric.mapping',
  'error.tolerance': 'the key is errors.tolerance',
  'auto.evolve': 'it is a key of the sink',
  'auto.create': 'it is a key of the sink',
  'insert.mode': 'it is a key of the sink',
  topics: 'it is a key of sinks; topic.prefix names topics here',
}

/** What a file says that works otherwise than its writer may think: a line of the log each. @param props valid */
export function logConfigNotices(props: Props, family: SourceFamily, log: Logger): void {
  for (const key of Object.keys(props)) if (Object.hasOwn(misspelt, key)) log.warn(`${key} is not used: ${misspelt[key] ?? ''}.`)
  const { unsupported, unknown } = ignoredParameters(props['connection.url'] ?? '', driverParameters(props, family))
  for (const name of unsupported) log.warn(`The connection parameter ${name} is not supported and has no effect.`)
  for (const name of unknown) log.warn(`The connection parameter ${name} is not known and has no effect.`)
}
