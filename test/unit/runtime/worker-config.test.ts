import { describe, expect, it } from 'vitest'
import { clientOverridePolicy, overrideError } from '../../../src/runtime/client-override-policy.ts'
import { parseWorkerConfig } from '../../../src/runtime/worker-config.ts'
import { unusedConnectorKeys, unusedWorkerKeys } from '../../../src/runtime/unused-keys.ts'

const required = { 'bootstrap.servers': 'localhost:9092', 'key.converter': 'JsonConverter', 'value.converter': 'JsonConverter' }
const withFile = { ...required, 'offset.storage.file.filename': '/tmp/connect.offsets' }
const parse = (props: Record<string, string>) => parseWorkerConfig({ ...withFile, ...props })

describe('worker configuration', () => {
  it('keeps offsets in the file that is named, also beside a topic', () => {
    expect(parse({ 'offset.storage.topic': 'o' }).offsetStorage).toEqual({ kind: 'file', path: '/tmp/connect.offsets' })
  })

  it('keeps offsets in the topic when no file is named', () => {
    const { offsetStorage } = parseWorkerConfig({ ...required, 'offset.storage.topic': 'o', 'offset.storage.partitions': '3' })
    expect(offsetStorage).toEqual({ kind: 'topic', topic: 'o', partitions: 3, replicationFactor: 3 })
  })

  it('keeps offsets in memory when told so', () => {
    expect(parse({ 'offset.storage.class': 'org.apache.kafka.connect.storage.MemoryOffsetBackingStore' }).offsetStorage).toEqual({
      kind: 'memory',
    })
  })

  it('asks for a file when nothing is named', () => {
    expect(() => parseWorkerConfig(required)).toThrow(
      /^Missing required configuration "offset.storage.file.filename" which has no default value. Name a file/,
    )
  })

  it.each([
    [
      { 'exactly.once.source.support': 'Enabled' },
      'Invalid value enabled for configuration exactly.once.source.support: Offsets are kept in a file (offset.storage.file.filename), which no Kafka transaction can include. Set offset.storage.topic',
    ],
    [{ 'offset.storage.class': 'Redis' }, 'Invalid value Redis for configuration offset.storage.class: Class Redis could not be found.'],
    [{ 'bootstrap.servers': 'localhost' }, 'Invalid url in bootstrap.servers: localhost. Write host:port, for example localhost:9092'],
    [{ listeners: '' }, 'Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443.'],
    [{ listeners: 'http://:8083,' }, 'Empty URL found when parsing listeners list.'],
    [{ 'plugin.path': '' }, "Configuration 'plugin.path' must not be empty. Valid values include: any non-empty value"],
    [{ 'offset.flush.interval.ms': '1s' }, 'Invalid value 1s for configuration offset.flush.interval.ms: Not a number of type LONG'],
    [
      { 'response.http.headers.config': 'set a' },
      "Invalid format of header name and header value pair 'a'. Expected: '[header name]:[header value]'",
    ],
    [{ 'response.http.headers.config': 'foo a:b' }, "Invalid header config action: 'foo'. Expected one of [set, add, setDate, addDate]"],
    [{ 'response.http.headers.config': 'set a b:c' }, "Invalid header name 'a b'. The '[header name]' cannot contain whitespace"],
    [{ 'response.http.headers.config': 'set' }, "Invalid format of header config 'set'. Expected: '[action] [header name]:[header value]'"],
  ])('refuses %j in the words of Connect', (props, message) => {
    expect(() => parse(props as Record<string, string>)).toThrow(message)
  })

  it('takes header rules between quotes', () => {
    expect(() => parse({ 'response.http.headers.config': '"set a:b,c", add d:e' })).not.toThrow()
  })
})

describe('client override policies', () => {
  const policy = (name: string, allowlist = '') =>
    clientOverridePolicy(
      parse({ 'connector.client.config.override.policy': name, 'connector.client.config.override.allowlist': allowlist }).values,
    )

  it.each([
    ['All', 'linger.ms', true],
    ['None', 'sasl.mechanism', false],
    ['Principal', 'sasl.mechanism', true],
    ['Principal', 'linger.ms', false],
    ['org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy', 'security.protocol', true],
  ])('%s allows %s: %s', (name, key, allowed) => {
    expect(policy(name).allows(key)).toBe(allowed)
  })

  it('Allowlist allows what is listed', () => {
    expect([policy('Allowlist', 'acks, linger.ms').allows('acks'), policy('Allowlist').allows('acks')]).toEqual([true, false])
  })

  it('say what they do not allow as Connect does', () => {
    expect(overrideError(policy('None'), 'linger.ms')).toBe(
      "The 'None' policy does not allow 'linger.ms' to be overridden in the connector configuration.",
    )
  })

  it('have to exist', () => {
    expect(() => policy('Some')).toThrow('Invalid value Some for configuration connector.client.config.override.policy')
  })
})

describe('keys that nothing reads', () => {
  const lineOf = (key: string) => unusedWorkerKeys({ [key]: 'hush' })[0]

  it.each([
    ['boostrap.servers', 'warn', 'Did you mean bootstrap.servers'],
    ['schemas.enable', 'warn', 'set key.converter.schemas.enable and value.converter.schemas.enable'],
    ['max.poll.records', 'warn', 'set consumer.max.poll.records'],
    ['linger.ms', 'warn', 'set producer.linger.ms'],
    ['interceptor.classes', 'warn', 'set producer.interceptor.classes or consumer.interceptor.classes'],
    ['connector.class', 'warn', 'move it to the connector’s file'],
    ['transforms.a.type', 'warn', 'move it to the connector’s file'],
    ['group.id', 'info', 'distributed workers'],
    ['status.storage.topic', 'info', 'distributed workers'],
    ['zookeeper.connect', 'info', 'JVM'],
    ['rest.port', 'info', 'set listeners'],
    ['log4j.rootLogger', 'info', 'STANDPIPE_LOG_LEVEL'],
  ])('%s: %s, %s', (key, level, advice) => {
    expect(lineOf(key)).toMatchObject({ key, level, text: expect.stringContaining(advice) as string })
    expect(lineOf(key)!.text).not.toContain('hush')
  })

  it('are not those of families, of clients or of the worker', () => {
    expect(
      unusedWorkerKeys({ ...withFile, 'producer.linger.ms': '1', 'key.converter.schemas.enable': 'true', 'security.protocol': 'SSL' }),
    ).toEqual([])
  })

  it('of a connector are named with what was meant', () => {
    const declared = ['file', 'batch.size', 'transforms.a.type', 'transforms.a.field', 'key.converter.schemas.enable']
    const set = [
      'fil',
      'file',
      '_comment',
      'batch.sise',
      'plugin.path',
      'transforms.a.feild',
      'transforms.left.over',
      'topic.creation.g.x',
      'producer.override.x',
    ]
    const keys = unusedConnectorKeys(
      { 'key.converter': 'J', 'key.converter.schema.enable': '', ...Object.fromEntries(set.map((key) => [key, ''])) },
      ['key.converter', ...declared],
    )
    expect(keys.map(({ text }) => text)).toEqual([
      'The connector does not know the key key.converter.schema.enable, which has no effect. Did you mean key.converter.schemas.enable.',
      'The connector does not know the key fil, which has no effect.',
      'The connector does not know the key batch.sise, which has no effect. Did you mean batch.size.',
      'The connector does not know the key plugin.path, which has no effect: it is a key of the worker: move it to the worker’s file.',
      'The connector does not know the key transforms.a.feild, which has no effect. Did you mean transforms.a.field.',
    ])
  })

  it('of a connector that configure the worker’s converter say that it is not theirs to configure', () => {
    expect(unusedConnectorKeys({ 'value.converter.schemas.enable': 'false' }, [])[0]!.text).toContain(
      'the connector uses the worker’s value.converter and its keys. Set value.converter here too',
    )
  })
})
