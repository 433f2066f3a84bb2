import { ConfigDef, type ParsedConfig, type ParseOptions } from '../api/config/config-def.ts'
import { ConfigException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import { checkBootstrapServers } from '../kafka/config/bootstrap-servers.ts'
import { ownWorkerKeys, standaloneKeys } from './worker-keys.ts'

/** Every key of a standalone worker that Apache has, and no other. */
export const standaloneConfigDef = new ConfigDef(standaloneKeys)

/** Every key of our worker. The offset file is not required here, because other stores exist; `parseWorkerConfig` checks it. */
export const workerConfigDef = new ConfigDef({
  ...standaloneKeys,
  ...ownWorkerKeys,
  'offset.storage.file.filename': { ...standaloneKeys['offset.storage.file.filename'], default: null },
})

export type WorkerValues = ParsedConfig<typeof workerConfigDef.declarations>

/** Where source offsets are kept. */
type OffsetStorage =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'topic'; readonly topic: string; readonly partitions: number; readonly replicationFactor: number }
  | { readonly kind: 'memory' }

/** A worker's configuration with variables resolved. */
export interface WorkerConfig {
  /** Parsed values of declared keys. */
  readonly values: WorkerValues
  /** Everything that was set, as text: source of the families `producer.*`, `key.converter.*` and so on. */
  readonly originals: Props
  readonly offsetStorage: OffsetStorage
}

/** @throws ConfigException for the first key that is missing or wrong */
export function parseWorkerConfig(originals: Props, options: ParseOptions = {}): WorkerConfig {
  const values = workerConfigDef.parse(originals, options)
  checkBootstrapServers(values['bootstrap.servers'])
  const storage = offsetStorage(values)
  if (isExactlyOnce(values)) transactionalTopic(storage)
  return { values, originals, offsetStorage: storage }
}

/** Whether source tasks write records and offsets in transactions. */
export function isExactlyOnce(values: Pick<WorkerValues, 'exactly.once.source.support'>): boolean {
  return values['exactly.once.source.support'].toLowerCase() === 'enabled'
}

/** The topic that the transactions of source tasks write offsets to. @throws ConfigException when offsets are not kept in a topic */
export function transactionalOffsetTopic(values: WorkerValues): string {
  return transactionalTopic(offsetStorage(values))
}

function transactionalTopic(storage: OffsetStorage): string {
  if (storage.kind === 'topic') return storage.topic
  const reason = `Offsets are kept in ${storage.kind === 'file' ? 'a file (offset.storage.file.filename)' : 'memory'}, which no Kafka transaction can include. Set offset.storage.topic and remove offset.storage.file.filename, or set exactly.once.source.support=disabled`
  throw ConfigException.forKey('exactly.once.source.support', 'enabled', reason)
}

function offsetStorage(values: WorkerValues): OffsetStorage {
  const kind = offsetStorageKind(values)
  switch (kind) {
    case 'memory':
      return { kind }
    case 'topic':
      return {
        kind,
        topic: required(values, 'offset.storage.topic'),
        partitions: values['offset.storage.partitions'],
        replicationFactor: values['offset.storage.replication.factor'],
      }
    case 'file':
      return { kind, path: required(values, 'offset.storage.file.filename') }
  }
}

/** The class decides; without it a file, when one is named, as Apache's standalone worker ignores the topic. */
function offsetStorageKind(values: WorkerValues): OffsetStorage['kind'] {
  const className = values['offset.storage.class']
  if (className === null) {
    return values['offset.storage.file.filename'] === null && values['offset.storage.topic'] !== null ? 'topic' : 'file'
  }
  switch (className.slice(className.lastIndexOf('.') + 1)) {
    case 'FileOffsetBackingStore':
      return 'file'
    case 'KafkaOffsetBackingStore':
      return 'topic'
    case 'MemoryOffsetBackingStore':
      return 'memory'
    default:
      throw ConfigException.forKey(
        'offset.storage.class',
        className,
        `Class ${className} could not be found. Set FileOffsetBackingStore, KafkaOffsetBackingStore or MemoryOffsetBackingStore`,
      )
  }
}

function required(values: WorkerValues, key: 'offset.storage.topic' | 'offset.storage.file.filename'): string {
  const value = values[key]
  if (value === null || value === '') {
    const advice = 'Name a file for source offsets, such as /var/lib/connect/connect.offsets, or set offset.storage.topic'
    throw new ConfigException(`Missing required configuration "${key}" which has no default value. ${advice}.`)
  }
  return value
}
