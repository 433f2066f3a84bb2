import { describe, expect, it } from 'vitest'
import { ConfigDef } from '../../../src/api/config/config-def.ts'
import type { KeyDeclarations } from '../../../src/api/config/config-key.ts'
import type { NullableProps } from '../../../src/api/config/prefix.ts'
import { nonEmptyString } from '../../../src/api/config/validators.ts'
import type { Plugin, PluginKind } from '../../../src/api/plugin.ts'
import { PluginRegistry } from '../../../src/plugins/registry.ts'
import type { ClientOverridePolicy } from '../../../src/runtime/client-override-policy.ts'
import { invalidConfigText } from '../../../src/runtime/config-infos.ts'
import { validateConnectorConfig } from '../../../src/runtime/connector-validation.ts'

const key = { importance: 'high', doc: 'a key' } as const

function plugin(kind: PluginKind, className: string, keys: KeyDeclarations, extra: object = {}): Plugin {
  class Fake {
    readonly kind = kind

    constructor() {
      Object.assign(this, extra)
    }

    config() {
      return new ConfigDef(keys)
    }
  }
  return { kind, className, version: '1.0', load: async () => Fake } as unknown as Plugin
}

const plugins = new PluginRegistry()
plugins.add(
  plugin('source', 'x.ExactSourceConnector', {}, { exactlyOnceSupport: () => 'supported', canDefineTransactionBoundaries: () => true }),
)
plugins.add(plugin('source', 'x.InexactSourceConnector', {}, { exactlyOnceSupport: () => 'unsupported' }))
plugins.add(plugin('source', 'x.TestSourceConnector', { topic: { type: 'string', validator: nonEmptyString, ...key } }))
plugins.add(plugin('sink', 'x.TestSinkConnector', { file: { type: 'string', default: null, ...key } }))
plugins.add(plugin('converter', 'x.TestConverter', { size: { type: 'int', default: 1, ...key } }))
plugins.add(plugin('header_converter', 'x.TestHeaderConverter', {}))
plugins.add(plugin('transformation', 'x.Rename', { field: { type: 'string', validator: nonEmptyString, ...key } }))
plugins.add(plugin('predicate', 'x.Always', {}))

const converters = { 'key.converter': 'x.TestConverter', 'value.converter': 'x.TestConverter', 'header.converter': 'x.TestHeaderConverter' }
const all: ClientOverridePolicy = { name: 'All', allows: () => true }
const none: ClientOverridePolicy = { name: 'None', allows: () => false }
const source = { name: 'a', 'connector.class': 'TestSource', topic: 't' }
const sink = { name: 'a', 'connector.class': 'x.TestSinkConnector', topics: 't' }

const validate = (props: NullableProps, policy = all) =>
  validateConnectorConfig(props, { plugins, policy, converters, isExactlyOnce: false }, 'question')

async function errorsOf(props: NullableProps, policy = all): Promise<Record<string, readonly string[]>> {
  const { configs } = await validate(props, policy)
  return Object.fromEntries(configs.filter(({ value }) => value.errors.length > 0).map(({ value }) => [value.name, value.errors]))
}

describe('validation of a connector that shall deliver exactly once', () => {
  const wanted = { name: 'a', 'exactly.once.support': 'required', 'transaction.boundary': 'CONNECTOR' }
  const errors = async (className: string, isExactlyOnce = true) => {
    const context = { plugins, policy: all, converters, isExactlyOnce }
    const { configs } = await validateConnectorConfig({ ...wanted, 'connector.class': className, topic: 't' }, context, 'question')
    return Object.fromEntries(configs.filter(({ value }) => value.errors.length > 0).map(({ value }) => [value.name, value.errors]))
  }

  it('accepts one that can', async () => {
    expect(await errors('x.ExactSourceConnector')).toEqual({})
  })

  it('refuses one that cannot', async () => {
    expect(await errors('x.InexactSourceConnector')).toEqual({
      'exactly.once.support': ['The connector does not support exactly-once semantics with the provided configuration.'],
      'transaction.boundary': [expect.stringMatching(/^The connector does not support connector-defined transaction boundaries/)],
    })
  })

  it('refuses one that does not say', async () => {
    expect((await errors('x.TestSourceConnector'))['exactly.once.support']).toEqual([
      expect.stringMatching(/^The connector does not implement the API required for preflight validation/),
    ])
  })

  it('asks nobody where the worker does not deliver exactly once, as Apache’s standalone worker', async () => {
    expect(await errors('x.InexactSourceConnector', false)).toEqual({})
  })
})

describe('validation of a connector', () => {
  it('accepts a good configuration and shows the worker’s converters as defaults', async () => {
    const infos = await validate(source)
    expect(infos.error_count).toBe(0)
    expect(infos.configs.find(({ value }) => value.name === 'key.converter')!.value.value).toBe('x.TestConverter')
  })

  it('lists every problem in the refusal', async () => {
    expect(invalidConfigText(await validate({ ...source, 'tasks.max': '0', topic: '' }))).toBe(
      [
        'Connector configuration is invalid and contains the following 2 error(s):',
        'Invalid value 0 for configuration tasks.max: Value must be at least 1',
        'Invalid value  for configuration topic: String must be non-empty',
        'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
      ].join('\n'),
    )
  })

  it.each([
    [
      { ...source, transforms: 'r', 'transforms.r.type': 'Nope' },
      'transforms.r.type',
      'Invalid value Nope for configuration transforms.r.type: Class Nope could not be found.',
    ],
    [{ ...source, transforms: 'r' }, 'transforms.r.type', 'Missing required configuration "transforms.r.type" which has no default value.'],
    [
      { ...source, transforms: 'r', 'transforms.r.type': 'x.TestConverter' },
      'transforms.r.type',
      'Class class x.TestConverter does not implement the Transformation interface',
    ],
    [
      { ...source, transforms: 'r', 'transforms.r.type': 'Rename', 'transforms.r.field': '' },
      'transforms.r.field',
      'Invalid value  for configuration field: String must be non-empty',
    ],
    [
      { ...source, transforms: 'r', 'transforms.r.type': 'Rename', 'transforms.r.field': 'f', 'transforms.r.negate': 'true' },
      'transforms.r.type',
      "Config 'transforms.r.negate' was provided but there is no config 'transforms.r.predicate' defining a predicate to be negated.",
    ],
    [
      { ...source, transforms: 'r,r', 'transforms.r.type': 'Rename', 'transforms.r.field': 'f' },
      'transforms',
      'Invalid value [r, r] for configuration transforms: Duplicate alias provided.',
    ],
    [{ ...source, 'key.converter': 'x.Rename' }, 'key.converter', 'Class class x.Rename does not implement the Converter interface'],
    [
      { ...source, 'value.converter': 'TestConverter', 'value.converter.size': 'x' },
      'value.converter.size',
      'Invalid value x for configuration size: Not a number of type INT',
    ],
    [
      { ...sink, 'topics.regex': '(', topics: '' },
      'topics.regex',
      'Invalid value ( for configuration topics.regex: Invalid regex: Unclosed group near index 1\n(',
    ],
    [
      { ...sink, 'errors.deadletterqueue.topic.name': 't' },
      'topics',
      "The DLQ topic 't' may not be included in the list of topics ('topics=[t]') consumed by the connector",
    ],
    [
      { ...sink, topics: '', 'topics.regex': 't.*', 'errors.deadletterqueue.topic.name': 'tx' },
      'topics.regex',
      "The DLQ topic 'tx' may not be matched by the regex for the topics ('topics.regex=t.*') consumed by the connector",
    ],
    [{ ...sink, unknown: null }, 'unknown', 'Null value can not be supplied as the configuration value.'],
  ])('of %j puts an error on %s', async (props, name, message) => {
    expect((await errorsOf(props as NullableProps))[name]).toEqual([message])
  })

  it('puts an error on both keys when a sink has no topics, or both kinds', async () => {
    const neither = 'Must configure one of topics or topics.regex'
    const both = 'topics and topics.regex are mutually exclusive options, but both are set.'
    expect(await errorsOf({ ...sink, topics: ' ' })).toEqual({ topics: [neither], 'topics.regex': [neither] })
    expect(await errorsOf({ ...sink, 'topics.regex': 'a' })).toEqual({ topics: [both], 'topics.regex': [both] })
  })

  it('trims as Java does: control characters go, a no-break space stays', async () => {
    expect(await errorsOf({ ...sink, 'connector.class': '\u0001x.TestSinkConnector\u0001', 'topics.regex': '\u0001' })).toEqual({})
    const aliased = { ...source, transforms: '\u0001r', 'transforms.r.type': '\u0001Rename', 'transforms.r.field': 'f' }
    expect(await errorsOf(aliased)).toEqual({})
    expect(await errorsOf({ ...sink, topics: '\u00a0' })).toEqual({})
    await expect(validate({ ...sink, 'connector.class': '\u00a0x.TestSinkConnector' })).rejects.toThrow('Failed to find any class')
  })

  it('takes null for a key of the connector itself', async () => {
    expect(await errorsOf({ ...sink, file: null })).toEqual({})
  })

  it('checks client overrides against the policy, only of clients that are used', async () => {
    const overrides = { 'producer.override.linger.ms': '5', 'consumer.override.max.poll.records': '5' }
    expect(await errorsOf({ ...source, ...overrides }, none)).toEqual({
      'producer.override.linger.ms': ["The 'None' policy does not allow 'linger.ms' to be overridden in the connector configuration."],
    })
    expect(Object.keys(await errorsOf({ ...sink, ...overrides }, none))).toEqual(['consumer.override.max.poll.records'])
  })

  it('throws what is wrong with the value of an override, without its prefix', async () => {
    await expect(validate({ ...source, 'producer.override.linger.ms': 'x' })).rejects.toThrow(
      'Invalid value x for configuration linger.ms: Not a number of type LONG',
    )
  })

  it('names what is there when connector.class is missing, without its secrets, or unknown', async () => {
    await expect(validate({ topic: 't', name: 'a', 'db.password': 'hush' })).rejects.toThrow(
      'Connector config {db.password=[hidden], name=a, topic=t} contains no connector type',
    )
    await expect(validate({ 'connector.class': 'Nope' })).rejects.toThrow(
      /^Failed to find any class that implements Connector and which name matches Nope, available connectors are: x.TestSinkConnector/,
    )
  })
})
