import { describe, expect, it } from 'vitest'
import { FileStreamSinkConnector } from '../../../connectors/file/index.ts'
import type { Plugin, PluginKind } from '../../../src/api/plugin.ts'
import { builtinPlugins } from '../../../src/plugins/builtin.ts'
import { PluginRegistry } from '../../../src/plugins/registry.ts'

function registryOf(...plugins: readonly (readonly [PluginKind, string])[]): PluginRegistry {
  const registry = new PluginRegistry()
  for (const [kind, className] of plugins) registry.add({ kind, className, version: '1', load: async () => class {} } as unknown as Plugin)
  return registry
}

describe('PluginRegistry', () => {
  it.each([
    ['source', 'org.apache.kafka.connect.file.FileStreamSourceConnector'],
    ['source', 'FileStreamSourceConnector'],
    ['source', 'FileStreamSource'],
    ['sink', 'FileStreamSink'],
    ['sink', 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector'],
    ['sink', 'ElasticsearchSink'],
    ['sink', 'io.aiven.kafka.connect.opensearch.OpensearchSinkConnector'],
    ['sink', 'OpensearchSink'],
    ['source', 'JdbcSourceConnector'],
    ['source', 'io.aiven.connect.jdbc.JdbcSourceConnector'],
    ['sink', 'JdbcSink'],
    ['sink', 'io.debezium.connector.jdbc.JdbcSinkConnector'],
    ['converter', 'JsonConverter'],
    ['converter', 'Json'],
    ['header_converter', 'SimpleHeaderConverter'],
    ['header_converter', 'Simple'],
    ['config_provider', 'FileConfigProvider'],
    ['config_provider', 'File'],
  ] as const)('finds the built-in %s by %s', async (kind, name) => {
    const registry = new PluginRegistry()
    for (const plugin of builtinPlugins) registry.add(plugin)
    expect(registry.find(kind, name)).not.toBeNull()
    expect(await registry.load(kind, name)).toBeInstanceOf(Function)
  })

  it('tells upper case from lower case', () => {
    expect(registryOf(['converter', 'a.JsonConverter']).find('converter', 'jsonConverter')).toBeNull()
  })

  it('finds a name among its own kind only', () => {
    expect(registryOf(['sink', 'a.FancyConnector']).find('source', 'Fancy')).toBeNull()
  })

  it('a name that two classes claim is nobody’s; their full names work', () => {
    const registry = registryOf(['transformation', 'a.Cast$Value'], ['transformation', 'a.Flatten$Value'])
    expect(registry.find('transformation', 'Value')).toBeNull()
    expect(registry.find('transformation', 'a.Flatten$Value')?.className).toBe('a.Flatten$Value')
  })

  it('one class under several full names has their simple name', () => {
    const registry = new PluginRegistry()
    const load = () => Promise.resolve(FileStreamSinkConnector)
    for (const className of ['a.FancySink', 'b.FancySink']) registry.add({ kind: 'sink', className, version: '1', load })
    expect(registry.find('sink', 'FancySink')?.className).toBe('a.FancySink')
  })

  it('a class with only its full name leaves the simple one to another', () => {
    const registry = new PluginRegistry()
    const load = () => Promise.resolve(FileStreamSinkConnector)
    registry.add({ kind: 'sink', className: 'a.FancySink', version: '1', load: () => load(), onlyFullName: true })
    registry.add({ kind: 'sink', className: 'b.FancySink', version: '1', load })
    expect(registry.find('sink', 'FancySink')?.className).toBe('b.FancySink')
    expect(registry.find('sink', 'a.FancySink')?.className).toBe('a.FancySink')
  })

  it('has no class for a name nobody answers to', async () => {
    expect(await registryOf().load('sink', 'a.FancyConnector')).toBeNull()
  })
})
