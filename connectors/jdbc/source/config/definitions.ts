import { ConfigDef } from 'standpipe/api'
import { aivenKeys } from './aiven-keys.ts'
import { confluentKeys } from './confluent-keys.ts'
import { ownKeys } from './own-keys.ts'

/** Whose property files a class takes: key names, defaults and habits follow. */
export type SourceFamily = 'confluent' | 'aiven'

const confluentSourceConfig = new ConfigDef({ ...confluentKeys, ...ownKeys, 'incrementing.initial': aivenKeys['incrementing.initial'] })
const aivenSourceConfig = new ConfigDef({ ...aivenKeys, ...ownKeys })

/** The keys of each family. */
export const sourceConfigs = { confluent: confluentSourceConfig, aiven: aivenSourceConfig } as const
