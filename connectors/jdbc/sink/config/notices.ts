import type { Logger, Props } from 'standpipe/api'
import { ignoredParameters } from '../../dialect/connection-settings.ts'
import type { SinkFamily } from './definitions.ts'
import { driverParameters } from './settings.ts'

/** Keys that stand in real files and do nothing, with what to do instead. Each is one line of the log. */
const misspelt: Readonly<Record<string, string>> = {
  'table.format.name': 'the key is table.name.format',
  'table.name': 'the key is table.name.format',
  'table.type': 'the key is table.types',
  'task.max': 'the key is tasks.max',
  'upsert.keys': 'the keys are pk.mode and pk.fields',
  'errors.retry.backoff': 'the keys are retry.backoff.ms and errors.retry.delay.max.ms',
  'numeric.mapping': 'it is a key of the source',
  'poll.interval.ms': 'it is a key of the source',
  'topic.prefix': 'it is a key of the source; topics says what is read',
  'insert.mode.databaselevel': 'rows are always inserted many at a time',
}

/** Confluent's names in files for Debezium's class, which does not read them. */
const confluentNames: Readonly<Record<string, string>> = {
  'auto.create': 'the key is schema.evolution=basic',
  'auto.evolve': 'the key is schema.evolution=basic',
  'pk.mode': 'the key is primary.key.mode',
  'pk.fields': 'the key is primary.key.fields',
  'table.types': 'tables, partitioned tables and views are all written to',
  'connection.user': 'the key is connection.username',
}

/** What a file says that works otherwise than its writer may think. @param props the whole configuration, valid */
export function configNotices(props: Props, family: SinkFamily): string[] {
  const known = family === 'debezium' ? { ...misspelt, ...confluentNames } : misspelt
  const unused = Object.keys(props).flatMap((key) => (Object.hasOwn(known, key) ? [`${key} is not used: ${known[key]}.`] : []))
  const ignored = ignoredParameters(props['connection.url'] ?? '', driverParameters(props, family))
  return [
    ...unused,
    ...ignored.unsupported.map((name) => `The connection parameter ${name} is not supported and has no effect.`),
    ...ignored.unknown.map((name) => `The connection parameter ${name} is not known and has no effect.`),
  ]
}

/** Logs every notice. Called once, when the connector starts. */
export function logConfigNotices(props: Props, family: SinkFamily, log: Logger): void {
  for (const notice of configNotices(props, family)) log.warn(notice)
}
