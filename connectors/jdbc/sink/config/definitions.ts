import { ConfigDef } from 'standpipe/api'
import { aivenKeys } from './aiven-keys.ts'
import { confluentKeys } from './confluent-keys.ts'
import { debeziumKeys } from './debezium-keys.ts'
import { ownKeys } from './own-keys.ts'

/** Whose property files a class takes: key names, defaults and habits follow. */
export type SinkFamily = 'confluent' | 'aiven' | 'debezium'

export const confluentSinkConfig = new ConfigDef({ ...confluentKeys, ...ownKeys })
export const aivenSinkConfig = new ConfigDef({ ...aivenKeys, ...ownKeys })
export const debeziumSinkConfig = new ConfigDef({ ...debeziumKeys, ...ownKeys })

export const sinkConfigs = { confluent: confluentSinkConfig, aiven: aivenSinkConfig, debezium: debeziumSinkConfig } as const
