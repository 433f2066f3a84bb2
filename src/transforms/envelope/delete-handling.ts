import type { ParsedConfig } from '../../api/config/config-def.ts'
import type { extractNewRecordStateKeys } from './envelope-config.ts'

/** What becomes of a row that was deleted: nothing, null with the row's schema, null without one, or the old row with a mark. */
export type DeletedRow = 'drop' | 'null' | 'tombstone' | 'rewrite'

/** What becomes of the two records that Debezium writes for a deleted row. */
export interface DeleteHandling {
  readonly deletedRow: DeletedRow
  /** Records that are tombstones already. */
  readonly dropsTombstones: boolean
}

const modes: Readonly<Record<string, DeleteHandling>> = {
  drop: { deletedRow: 'drop', dropsTombstones: true },
  tombstone: { deletedRow: 'null', dropsTombstones: true },
  rewrite: { deletedRow: 'rewrite', dropsTombstones: true },
  'rewrite-with-tombstone': { deletedRow: 'rewrite', dropsTombstones: false },
  'delete-to-tombstone': { deletedRow: 'tombstone', dropsTombstones: true },
}

const oldModes: Readonly<Record<string, DeletedRow>> = { drop: 'drop', rewrite: 'rewrite', none: 'null' }

type Config = ParsedConfig<typeof extractNewRecordStateKeys>

/** `delete.tombstone.handling.mode` decides; where it is absent the keys of Debezium before 3.0 do, if there are any. */
export function deleteHandling(config: Config): DeleteHandling {
  const mode = config['delete.tombstone.handling.mode']
  if (mode === null && hasOldKeys(config)) return oldDeleteHandling(config)
  return modes[(mode ?? 'tombstone').toLowerCase()] ?? { deletedRow: 'null', dropsTombstones: true }
}

/** Whether the result depends on keys that Debezium 3 does not read. */
export function reliesOnOldKeys(config: Config): boolean {
  return config['delete.tombstone.handling.mode'] === null && hasOldKeys(config)
}

function hasOldKeys(config: Config): boolean {
  return config['drop.tombstones'] !== null || config['delete.handling.mode'] !== null || config['drop.deletes'] !== null
}

function oldDeleteHandling(config: Config): DeleteHandling {
  const mode = config['delete.handling.mode'] ?? (config['drop.deletes'] === false ? 'none' : 'drop')
  return { deletedRow: oldModes[mode.toLowerCase()] ?? 'drop', dropsTombstones: config['drop.tombstones'] ?? true }
}
