import { afterAll, describe, expect, it } from 'vitest'
import type { ConfigDef } from '../../src/api/config/config-def.ts'
import { builtinPlugins } from '../../src/plugins/builtin.ts'
import { connectorConfigDef, sinkConnectorConfigDef, sourceConnectorConfigDef } from '../../src/runtime/connector-config.ts'
import { defaultTopicCreationDef, topicCreationDef } from '../../src/runtime/topic-creation.ts'
import { standaloneConfigDef } from '../../src/runtime/worker-config.ts'
import { readCases, type RecordedCase } from '../support/compat-data.ts'

interface RecordedKey {
  readonly name: string
  readonly documentation: string
  readonly validator?: string
}

interface Case extends RecordedCase {
  readonly want: readonly RecordedKey[]
}

const runtimeDefinitions: Readonly<Record<string, ConfigDef>> = {
  StandaloneConfig: standaloneConfigDef,
  ConnectorConfig: connectorConfigDef,
  SourceConnectorConfig: sourceConnectorConfigDef,
  SinkConnectorConfig: sinkConnectorConfigDef,
  'SourceConnectorConfig topic creation, group default': defaultTopicCreationDef,
  'SourceConnectorConfig topic creation, group g': topicCreationDef('g', { replicationFactor: 1, partitions: 1 }),
}

/** Validator texts, which no user sees, that are ours on purpose. */
const ownValidatorText = new Set([
  // Java shows the sentence of the partition count for these lists of patterns.
  'SourceConnectorConfig topic creation, group g: include',
  'SourceConnectorConfig topic creation, group g: exclude',
])

const cases = readCases<Case>('connect-config')
let passed = 0

describe('keys of worker, connectors, converters, transformations and predicates are declared as Connect declares them', () => {
  afterAll(() => {
    console.log(`compat connect-config: ${passed} of ${cases.length}`)
  })

  it.each(cases)('$name', async ({ name, want }) => {
    expect(recordedForm(name, await definitionOf(name))).toEqual(want.map((key) => comparable(name, key)))
    passed++
  })
})

async function definitionOf(name: string): Promise<ConfigDef> {
  const plugin = pluginNamed(name)
  if (plugin === undefined) return runtimeDefinitions[name]!
  const PluginClass = (await plugin.load()) as new () => { config(): ConfigDef }
  return new PluginClass().config()
}

/** Converters are recorded under the name of their config class, where they have one. */
function pluginNamed(name: string) {
  const simpleName = name.replace(/Config$/, '')
  return builtinPlugins.find(({ kind, className }) => kind !== 'config_provider' && className.endsWith(`.${simpleName}`))
}

function recordedForm(name: string, def: ConfigDef): unknown[] {
  const keys = def.definitions().map((info) => {
    const validator = def.keys.get(info.name)?.validator?.toString()
    expect(info.documentation, `documentation of ${info.name}`).not.toBe('')
    return comparable(name, { ...info, ...(validator === undefined ? {} : { validator }) })
  })
  return keys.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Documentation is ours, and allowed values are listed in Java's set order. */
function comparable(name: string, key: RecordedKey): RecordedKey {
  const ours = { ...key, documentation: '(ours)' }
  if (key.validator === undefined) return ours
  const validator = ownValidatorText.has(`${name}: ${key.name}`) ? '(ours)' : key.validator
  return { ...ours, validator: /\[[^\]]*\w, \w/.test(validator) ? validator.split(/\W+/).sort().join(' ') : validator }
}
