import { ConfigDef, type ParsedConfig } from 'standpipe/api'
import { connectorKeys } from './connector-keys.ts'
import { conversionKeys } from './conversion-keys.ts'
import { kerberosKeys, proxyKeys, securityKeys } from './security-keys.ts'

/** Keys of the Elasticsearch sink: those of Confluent's connector 15.2, and ours, which say so in their text. */
export const elasticsearchSinkConfig = new ConfigDef({
  ...connectorKeys,
  ...conversionKeys,
  ...proxyKeys,
  ...securityKeys,
  ...kerberosKeys,
})

/** The values of all keys, by key. */
export type ElasticsearchSinkKeys = ParsedConfig<typeof elasticsearchSinkConfig.declarations>
