import type { ConfigValue, Props } from 'standpipe/api'
import { sinkConfigs, type SinkFamily } from './definitions.ts'

/** Checks a whole configuration without asking the database: every key, then the keys against each other, all problems at once. */
export function validateJdbcSink(props: Props, family: SinkFamily): ConfigValue[] {
  const values = sinkConfigs[family].validate(props)
  const byName = new Map(values.map((value) => [value.name, value]))
  const modeKey = family === 'debezium' ? 'primary.key.mode' : 'pk.mode'
  const mode = String(byName.get(modeKey)?.value).toLowerCase()
  if (byName.get('delete.enabled')?.value === true) checkDeletes(byName, family, mode, modeKey)
  if (family === 'aiven') checkKeyFields(byName, mode)
  if (String(byName.get('insert.mode')?.value).toLowerCase() === 'update' && mode === 'none') {
    byName.get(modeKey)?.addError('Without a key every update would rewrite the whole table. Set another mode for the primary key.')
  }
  if ((byName.get('update.if')?.value as readonly string[] | undefined)?.some((name) => name !== '') === true) checkConditions(byName)
  return values
}

function checkConditions(byName: ReadonlyMap<string, ConfigValue>): void {
  const mode = String(byName.get('insert.mode')?.value).toLowerCase()
  if (!['upsert', 'update'].includes(mode) || byName.get('on.conflict')?.value === 'nothing')
    byName.get('update.if')?.addError('It says when a row is updated: it needs insert.mode upsert or update, and on.conflict=update.')
}

function checkDeletes(byName: ReadonlyMap<string, ConfigValue>, family: SinkFamily, mode: string, modeKey: string): void {
  const isFit = mode === 'record_key' || (family === 'debezium' && ['record_value', 'record_header'].includes(mode))
  if (isFit) return
  if (family === 'aiven') return byName.get('delete.enabled')?.addError('Delete support only works with pk.mode=record_key')
  for (const key of ['delete.enabled', modeKey]) byName.get(key)?.addError('Deletes are only supported for pk.mode record_key')
}

/** Aiven's own: Confluent's connector leaves such fields alone. */
function checkKeyFields(byName: ReadonlyMap<string, ConfigValue>, mode: string): void {
  const fields = byName.get('pk.fields')
  const value = byName.get('pk.mode')
  if (value !== undefined && value.errorMessages.length > 0 && !['none', 'kafka', 'record_key', 'record_value'].includes(mode)) {
    fields?.addError(`Invalid pkMode value: ${String(value.value)}`)
  }
  const isSet = Array.isArray(fields?.value) && fields.value.length > 0
  if (mode === 'none' && isSet) fields?.addError("Primary key fields should not be set when pkMode is 'none'.")
}
