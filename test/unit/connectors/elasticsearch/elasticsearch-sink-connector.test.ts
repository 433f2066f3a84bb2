import { describe, expect, it, onTestFinished } from 'vitest'
import { ElasticsearchSinkConnector } from '../../../../connectors/elasticsearch/index.ts'
import { FakeElasticsearch } from '../../../support/fake-elasticsearch/fake-elasticsearch.ts'
import { refusal } from '../../../support/fake-elasticsearch/faults.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

/** Nobody listens on port 1. */
const props = { name: 'es', topics: 't', 'connection.url': 'http://127.0.0.1:1', 'max.retries': '0' }

const errorsFor = async (purpose: 'question' | 'creation', extra: Readonly<Record<string, string>> = {}) => {
  const values = await new ElasticsearchSinkConnector().validate({ ...props, ...extra }, purpose)
  return values.filter(({ errorMessages }) => errorMessages.length > 0).map(({ name }) => name)
}

it('a server that is down is told to who asks', async () => {
  expect(await errorsFor('question')).toContain('connection.url')
})

it('a server that is down does not keep the connector from being created: its tasks wait', async () => {
  expect(await errorsFor('creation')).toEqual([])
})

it('a key that is wrong keeps it from being created', async () => {
  expect(await errorsFor('creation', { 'batch.size': 'many' })).toEqual(['batch.size'])
})

describe('#33 external resources', () => {
  const external = (usage: string) => ({ 'external.resource.usage': usage, 'topic.to.external.resource.mapping': 't:own' })

  /** Starts a connector on a server. @returns what its log says */
  const start = async (server: FakeElasticsearch | null, usage: string): Promise<string[]> => {
    const log = new CollectingLogger()
    const connector = new ElasticsearchSinkConnector()
    onTestFinished(() => connector.stop())
    connector.initialize({ log, requestTaskReconfiguration: () => undefined, raiseError: () => undefined })
    await connector.start({ ...props, ...(server === null ? {} : { 'connection.url': server.url }), ...external(usage) })
    return log.lines
  }
  const fakeServer = async () => {
    const server = await FakeElasticsearch.start()
    onTestFinished(() => server.stop())
    return server
  }

  it.each(['INDEX', 'DataStream', 'ALIAS_INDEX', 'alias_datastream'])(
    '%s: one that is not there is told when the connector starts',
    async (usage) => {
      const server = await fakeServer()
      await expect(start(server, usage)).rejects.toThrow(`${usage.toLowerCase()} 'own' does not exist in Elasticsearch`)
      expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /own'])
    },
  )

  it('one that is not there is told to who asks for a validation', async () => {
    const server = await fakeServer()
    const asked = { 'connection.url': server.url, ...external('index') }
    expect(await errorsFor('question', asked)).toEqual(['topic.to.external.resource.mapping'])
    server.cluster.createIndex('own', {})
    expect(await errorsFor('question', asked)).toEqual([])
  })

  it('one that is there is fine', async () => {
    const server = await fakeServer()
    server.cluster.createIndex('own', {})
    expect(await start(server, 'index')).toEqual([])
  })

  it('a server that is down, or does not let us look, is the tasks’ to deal with', async () => {
    expect(await start(null, 'datastream')).toEqual([
      expect.stringMatching(/^WARN Going on without knowing whether datastream 'own' exists: .*ECONNREFUSED/),
    ])
    const server = await fakeServer()
    server.faults = () => refusal(403, 'security_exception', 'not for you')
    expect(await start(server, 'index')).toEqual([expect.stringContaining('HTTP 403')])
  })

  it('nobody is asked where none are named', async () => {
    const server = await fakeServer()
    const connector = new ElasticsearchSinkConnector()
    connector.initialize({ log: new CollectingLogger(), requestTaskReconfiguration: () => undefined, raiseError: () => undefined })
    await connector.start({ ...props, 'connection.url': server.url })
    expect(server.requests).toEqual([])
  })
})
