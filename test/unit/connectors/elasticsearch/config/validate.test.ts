import { describe, expect, it } from 'vitest'
import { validateElasticsearchSinkConfig } from '../../../../../connectors/elasticsearch/config/validate.ts'
import { baseProps } from '../../../../support/elasticsearch-records.ts'

const dataStream = { 'data.stream.type': 'logs', 'data.stream.dataset': 'ds' }

function errorsOf(props: Readonly<Record<string, string>>): Record<string, readonly string[]> {
  const wrong = validateElasticsearchSinkConfig({ ...baseProps, ...props }).filter(({ errorMessages }) => errorMessages.length > 0)
  return Object.fromEntries(wrong.map(({ name, errorMessages }) => [name, errorMessages]))
}

function keysWithErrors(props: Readonly<Record<string, string>>): string[] {
  return Object.keys(errorsOf(props)).sort()
}

describe('validation of a configuration', () => {
  it('finds nothing wrong with the least that is needed', () => {
    expect(errorsOf({})).toEqual({})
  })

  it('#27 refuses a dataset that no data stream may have', () => {
    expect(keysWithErrors({ ...dataStream, 'data.stream.dataset': 'Bad-Name' })).toEqual(['data.stream.dataset'])
  })

  it('#28 refuses to change or delete what is in a data stream', () => {
    expect(keysWithErrors({ ...dataStream, 'write.method': 'upsert' })).toEqual(['write.method'])
    expect(keysWithErrors({ ...dataStream, 'behavior.on.null.values': 'delete' })).toEqual(['behavior.on.null.values'])
  })

  it('#29 refuses a timestamp field without data stream', () => {
    expect(keysWithErrors({ 'data.stream.timestamp.field': 'x' })).toEqual(['data.stream.timestamp.field'])
  })

  it('#34 wants kind and names of existing resources together', () => {
    const both = ['external.resource.usage', 'topic.to.external.resource.mapping']
    expect(keysWithErrors({ 'external.resource.usage': 'index' })).toEqual(both)
    expect(keysWithErrors({ 'topic.to.external.resource.mapping': 't:a' })).toEqual(both)
  })

  it.each([
    ['three parts', 't', 't:a:b', 'Invalid topic-to-resource mapping format'],
    ['no resource', 't', 't:', 'Invalid topic-to-resource mapping format'],
    ['a topic twice', 't', 't:a,t:b', "Topic 't' is mapped to multiple resources"],
    ['a resource twice', 't,u', 't:a,u:a', "Resource 'a' is mapped from multiple topics"],
    ['a topic missing', 't,u', 't:a', "Topic 'u' is not mapped to any resource"],
    ['a topic too much', 't', 't:a,u:b', "Topic 'u' is mapped but not configured"],
    ['16 pairs', numbered('t'), numbered('t', ':r'), '(16). Maximum allowed limit is 15'],
  ])('#35 refuses a mapping of topics with %s', (_what, topics, mapping, message) => {
    const props = { topics, 'external.resource.usage': 'index', 'topic.to.external.resource.mapping': mapping }
    expect(errorsOf(props)['topic.to.external.resource.mapping']?.[0]).toContain(message)
  })

  it('takes a mapping of topics beside a pattern, since nobody knows the topics yet', () => {
    const props = { topics: '', 'topics.regex': 't.*', 'external.resource.usage': 'index', 'topic.to.external.resource.mapping': 't:a' }
    expect(errorsOf(props)).toEqual({})
  })

  it('#81 wants user and password together', () => {
    expect(keysWithErrors({ 'connection.username': '' })).toEqual(['connection.password', 'connection.username'])
  })

  it('#85 wants a host where a proxy has a user', () => {
    expect(keysWithErrors({ 'proxy.username': 'u', 'proxy.password': 'p' })).toEqual(['proxy.host', 'proxy.password', 'proxy.username'])
  })

  it('#88 refuses values out of range, and tells all of them at once', () => {
    const props = {
      'batch.size': '0',
      'proxy.port': '-1',
      'write.method': 'foo',
      'behavior.on.null.values': 'x',
      'kerberos.keytab.path': '/no/such.keytab',
    }
    expect(keysWithErrors(props)).toEqual(Object.keys(props).sort())
  })

  it('tells contradictions beside values out of range, but not of a key that is wrong itself', () => {
    const props = {
      'batch.size': '0',
      'connection.username': 'u',
      'linger.ms': '-1',
      'flush.timeout.ms': '1000',
      'kerberos.keytab.path': 'x',
    }
    expect(keysWithErrors(props)).toEqual(['batch.size', 'connection.password', 'connection.username', 'kerberos.keytab.path', 'linger.ms'])
  })

  it('names a required key that is missing', () => {
    const values = validateElasticsearchSinkConfig({ topics: 't' })
    expect(values.find(({ name }) => name === 'connection.url')?.errorMessages[0]).toMatch(
      /^Missing required configuration "connection\.url"/,
    )
  })

  it('#89 takes words in any case', () => {
    const props = { 'write.method': 'Upsert', 'behavior.on.null.values': 'dElEtE', 'behavior.on.malformed.documents': 'WARN' }
    expect(errorsOf(props)).toEqual({})
    const resources = { 'external.resource.usage': 'Alias_DataStream', 'topic.to.external.resource.mapping': 't:a' }
    expect(errorsOf({ ...resources, 'data.stream.timestamp.field': 'x' })).toEqual({})
    expect(errorsOf({ ...dataStream, 'data.stream.type': 'LOGS' })).toEqual({})
    const tls = { 'elastic.security.protocol': 'sSl', 'elastic.https.ssl.protocol': 'TLSv1.3' }
    expect(errorsOf({ ...tls, 'elastic.https.ssl.verification.mode': 'None', 'key.ignore': 'TRUE' })).toEqual({})
  })

  it('refuses to wait longer for a batch than for its answer', () => {
    expect(errorsOf({ 'linger.ms': '2000', 'flush.timeout.ms': '1000' })).toEqual({
      'linger.ms': ["'linger.ms' (2000) can not be larger than 'flush.timeout.ms' (1000)."],
      'flush.timeout.ms': ["'linger.ms' (2000) can not be larger than 'flush.timeout.ms' (1000)."],
    })
  })

  it('refuses single topics where all are meant', () => {
    expect(keysWithErrors({ 'topic.key.ignore': 't' })).toEqual(['key.ignore', 'topic.key.ignore'])
    expect(keysWithErrors({ 'topic.schema.ignore': 't' })).toEqual(['schema.ignore', 'topic.schema.ignore'])
  })

  it('refuses two ways to log in', () => {
    const props = { 'connection.username': 'u', 'connection.password': 'p', 'connection.api.key': 'k' }
    expect(keysWithErrors(props)).toEqual(['connection.api.key', 'connection.username'])
  })

  it('#92 repeats no password, neither in values nor in errors', () => {
    const url = 'http://u:secret@h:1,ht tp://u:secret@bad'
    const values = validateElasticsearchSinkConfig({ ...baseProps, 'connection.url': url, 'connection.password': 'secret' })
    expect(JSON.stringify(values)).not.toContain('secret')
    const valid = validateElasticsearchSinkConfig({ ...baseProps, 'connection.url': 'http://u:secret@h:1' })
    expect(valid.find(({ name }) => name === 'connection.url')?.value).toEqual(['http://h:1'])
  })
})

function numbered(prefix: string, resource?: string): string {
  return Array.from({ length: 16 }, (_, index) => `${prefix}${index}${resource === undefined ? '' : resource + String(index)}`).join(',')
}
