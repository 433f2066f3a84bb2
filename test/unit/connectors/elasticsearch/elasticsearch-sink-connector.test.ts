import { expect, it } from 'vitest'
import { ElasticsearchSinkConnector } from '../../../../connectors/elasticsearch/index.ts'

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
