import { describe, expect, it } from 'vitest'
import { configNotices, logConfigNotices } from '../../../../../connectors/elasticsearch/config/notices.ts'
import { readElasticsearchSinkSettings, type ElasticsearchSinkSettings } from '../../../../../connectors/elasticsearch/config/settings.ts'
import { baseProps } from '../../../../support/elasticsearch-records.ts'
import { CollectingLogger } from '../../../../support/fakes/collecting-logger.ts'

function settings(props: Readonly<Record<string, string>>): ElasticsearchSinkSettings {
  return readElasticsearchSinkSettings({ ...baseProps, ...props })
}

describe('settings of the sink', () => {
  it('are Confluent’s defaults', () => {
    const { bulk, connection } = settings({})
    expect(bulk).toMatchObject({ batchSize: 2000, bulkSizeBytes: 5_242_880, maxInFlightRequests: 5, maxRetries: 5, lingerMs: 1 })
    expect(connection).toMatchObject({ basic: null, proxy: null, kerberos: null, compression: false, readTimeoutMs: 3000 })
  })

  it('log in only with user and password', () => {
    expect(settings({ 'connection.username': 'u' }).connection.basic).toBeNull()
    expect(settings({ 'connection.username': '', 'connection.password': 'p' }).connection.basic?.username).toBe('')
  })

  it('make no more requests at a time than the buffer has room for', () => {
    expect(settings({ 'max.buffered.records': '1000', 'batch.size': '300' }).bulk).toMatchObject({ maxInFlightRequests: 3, batchSize: 300 })
    expect(settings({ 'max.buffered.records': '1' }).bulk).toMatchObject({ maxInFlightRequests: 1, batchSize: 1 })
  })

  it('leave out stores whose location is empty', () => {
    const props = { 'elastic.https.ssl.truststore.location': '', 'elastic.https.ssl.truststore.password': 'x' }
    expect(settings(props).connection.ssl.truststore).toBeNull()
  })

  it('check the name in a certificate unless the algorithm is empty', () => {
    expect(settings({}).connection.ssl.verification).toBe('full')
    const empty = { 'elastic.https.ssl.endpoint.identification.algorithm': '' }
    expect(settings(empty).connection.ssl.verification).toBe('certificate')
    expect(settings({ ...empty, 'elastic.https.ssl.verification.mode': 'NONE' }).connection.ssl.verification).toBe('none')
  })

  it('do not print secrets', () => {
    const props = {
      'connection.username': 'u',
      'connection.password': 'secret',
      'connection.api.key': 'secret',
      'proxy.host': 'h',
      'proxy.password': 'secret',
    }
    expect(JSON.stringify(settings(props))).not.toContain('secret')
  })
})

describe('notices of a configuration', () => {
  it('#86 are one line for every key of former versions, which is then ignored', () => {
    const former = { 'type.name': '_doc', 'topic.index.map': 't:x', 'auto.create.indices.at.start': 'false', 'log.sensitive.data': 'true' }
    const log = new CollectingLogger()
    logConfigNotices({ ...baseProps, ...former }, log)
    expect(log.lines.map((line) => /[a-z.]+ is not used/.exec(line)?.[0])).toEqual(Object.keys(former).map((key) => `${key} is not used`))
    expect(log.lines.filter((line) => line.startsWith('WARN'))).toHaveLength(1)
  })

  it.each(['index', 'ssl.truststore.location', 'ssl.keystore.password', 'kafka.api.key', 'connection.ssl.enabled', 'version'])(
    'tell what stands in the place of %s',
    (key) => {
      expect(configNotices({ ...baseProps, [key]: 'x' })).toMatchObject([{ level: 'warn' }])
    },
  )

  it('#87 are but one for the file people have', () => {
    const props = { topics: 'myTopic', 'key.ignore': 'true', 'connection.url': 'http://elasticsearch:9200', 'type.name': 'kafka-connect' }
    expect(configNotices(props).map(({ level }) => level)).toEqual(['info'])
  })

  it('are none for a file without surprises', () => {
    expect(configNotices(baseProps)).toEqual([])
  })

  it('tell which cipher suites Node does not have', () => {
    const suites = { 'elastic.https.ssl.cipher.suites': 'TLS_NO_SUCH,TLS_AES_128_GCM_SHA256', 'elastic.security.protocol': 'SSL' }
    expect(configNotices({ ...baseProps, ...suites }).map(({ message }) => message)).toEqual([
      'elastic.https.ssl.cipher.suites: Node.js does not have TLS_NO_SUCH; the others are offered',
    ])
  })

  it('tell that fewer requests are made, and that TLS keys are used without being asked for', () => {
    const props = { ...baseProps, 'max.buffered.records': '1000', 'elastic.https.ssl.truststore.location': '/x' }
    expect(configNotices(props).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^max\.buffered\.records \(1000\)/),
      expect.stringMatching(/^elastic\.https keys are used/),
    ])
  })
})
