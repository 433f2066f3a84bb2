import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { searchServerContract } from '../../contract/search-server.ts'
import { FakeElasticsearch } from '../../support/fake-elasticsearch/fake-elasticsearch.ts'
import { forBulks, refusal, tooManyRequests } from '../../support/fake-elasticsearch/faults.ts'

describe('the fake server', () => {
  let fake: FakeElasticsearch
  beforeAll(async () => void (fake = await FakeElasticsearch.start()))
  afterAll(() => fake.stop())

  searchServerContract(() => fake.url, { parsingException: 'document_parsing_exception', hasDataStreams: true, takesTypes: false })

  it('fails as it is told to, once for each fault, and keeps what was asked of it', async () => {
    const post = () => fetch(`${fake.url}/_bulk`, { method: 'POST', body: '{"index":{"_index":"faults","_id":"1"}}\n{"a":1}\n' })
    fake.faults = forBulks(
      refusal(429, 'es_rejected_execution_exception', 'full'),
      { kind: 'items', outcomeOf: () => tooManyRequests },
      { kind: 'reset', done: true },
      { kind: 'answer', text: 'no JSON' },
    )
    expect((await post()).status).toBe(429)
    expect(await (await post()).json()).toMatchObject({ errors: true, items: [{ index: { status: 429 } }] })
    expect(fake.documents('faults').size).toBe(0)
    await expect(post()).rejects.toThrow('fetch failed')
    expect(fake.documents('faults').get('1')).toEqual({ version: 1, source: '{"a":1}' })
    expect(await (await post()).text()).toBe('no JSON')
    expect(await (await post()).json()).toMatchObject({ errors: false })
    expect(fake.bulkRequests.length).toBeGreaterThanOrEqual(5)
  })
})
