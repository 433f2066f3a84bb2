import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'

interface Item {
  readonly status: number
  readonly _version?: number
  readonly result?: string
  readonly error?: { readonly type: string; readonly reason: string; readonly caused_by?: { readonly type: string } }
}

/** What differs between the servers. */
export interface SearchServerFacts {
  /** Type of the error for a document that does not fit its mapping. */
  readonly parsingException: 'document_parsing_exception' | 'mapper_parsing_exception'
  readonly hasDataStreams: boolean
  /** 7.17 takes `_type` with a warning. */
  readonly takesTypes: boolean
}

/**
 * What the sink depends on, said by the servers themselves: the fake one of the unit tests must answer the same.
 * @param address of the server, known when the tests run
 */
export function searchServerContract(address: () => string, facts: SearchServerFacts): void {
  const request = async (method: string, path: string, body?: string) => {
    const type = path.endsWith('_bulk') || path.includes('_bulk?') ? 'application/x-ndjson' : 'application/json'
    const init = body === undefined ? { method } : { method, body, headers: { 'content-type': type } }
    const response = await fetch(address() + path, init)
    const text = await response.text()
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as Record<string, unknown> }
  }
  const bulk = async (...lines: readonly unknown[]) => {
    const body = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
    const answer = await request('POST', '/_bulk', body)
    return (answer.body.items as Record<string, Item>[]).map((item) => Object.values(item)[0]!)
  }
  const index = () => `contract-${randomUUID()}`
  const at = (_index: string, _id: string, version: number) => ({ _index, _id, version, version_type: 'external' })

  it('an external version must be above the stored one, 0 is one, and a delete leaves its version behind', async () => {
    const _index = index()
    const items = await bulk(
      ...[{ index: at(_index, 'a', 0) }, '{"n":1}'],
      ...[{ index: at(_index, 'a', 0) }, '{"n":2}'],
      ...[{ index: at(_index, 'a', 7) }, '{"n":3}'],
      { delete: at(_index, 'a', 6) },
      { delete: at(_index, 'a', 9) },
      ...[{ index: at(_index, 'a', 8) }, '{"n":4}'],
      ...[{ index: at(_index, 'a', 10) }, '{"n":5}'],
    )
    expect(items.map(({ status, _version }) => [status, _version])).toEqual([
      ...[
        [201, 0],
        [409, undefined],
        [200, 7],
      ],
      ...[
        [409, undefined],
        [200, 9],
        [409, undefined],
        [201, 10],
      ],
    ])
    expect(items[1]!.error).toMatchObject({
      type: 'version_conflict_engine_exception',
      reason: '[a]: version conflict, current version [0] is higher or equal to the one provided [0]',
    })
  })

  it('create refuses an id that is there; a delete of nothing is a 404 without an error', async () => {
    const _index = index()
    const items = await bulk(...[{ create: { _index, _id: 'a' } }, '{"n":1}'], ...[{ create: { _index, _id: 'a' } }, '{"n":2}'], {
      delete: { _index, _id: 'b' },
    })
    expect(items.map(({ status, result, error }) => [status, result, error?.type])).toEqual([
      [201, 'created', undefined],
      [409, undefined, 'version_conflict_engine_exception'],
      [404, 'not_found', undefined],
    ])
  })

  it('an update creates what is not there, merges into what is, and does nothing when nothing changes', async () => {
    const _index = index()
    const update = { update: { _index, _id: 'a', retry_on_conflict: 5 } }
    const items = await bulk(
      ...[update, '{"doc":{"a":1,"o":{"x":1}},"doc_as_upsert":true}'],
      ...[update, '{"doc":{"o":{"y":2}},"doc_as_upsert":true}'],
      ...[update, '{"doc":{"a":1},"doc_as_upsert":true}'],
      ...[{ update: { _index, _id: 'b' } }, '{"doc":{"a":1}}'],
    )
    expect(items.map(({ status, result, error }) => [status, result, error?.type])).toEqual([
      [201, 'created', undefined],
      [200, 'updated', undefined],
      [200, 'noop', undefined],
      [404, undefined, 'document_missing_exception'],
    ])
    expect((await request('GET', `/${_index}/_doc/a`)).body).toMatchObject({ _version: 2, _source: { a: 1, o: { x: 1, y: 2 } } })
  })

  it('a document that does not fit the mapping is refused alone, with the field and the reason', async () => {
    const _index = index()
    await request('PUT', `/${_index}`, '{"mappings":{"properties":{"n":{"type":"long"},"o":{"properties":{"x":{"type":"text"}}}}}}')
    const items = await bulk(
      ...[{ index: { _index, _id: '1' } }, '{"n":1}'],
      ...[{ index: { _index, _id: '2' } }, '{"n":"abc"}'],
      ...[{ index: { _index, _id: '3' } }, '{"o":5}'],
      ...[{ index: { _index, _id: '4' } }, '{"n":"17","o":{"x":true}}'],
      ...[{ index: { _index, _id: '5' } }, '{"n":{}}'],
    )
    expect(items.map(({ status, error }) => [status, error?.type])).toEqual([
      [201, undefined],
      [400, facts.parsingException],
      [400, facts.parsingException],
      [201, undefined],
      [400, facts.parsingException],
    ])
    expect(items[1]!.error!.reason).toContain("failed to parse field [n] of type [long] in document with id '2'")
    expect(items[1]!.error!.reason).toContain("Preview of field's value: 'abc'")
    expect(items[2]!.error!.reason).toContain('object mapping for [o] tried to parse field [o] as object, but found a concrete value')
  })

  it('fields that are not known become long, float, boolean, date, text and objects, by how they are written', async () => {
    const _index = index()
    await bulk({ index: { _index, _id: '1' } }, '{"l":2,"f":2.0,"b":true,"d":"2021-05-14T11:11:22.000Z","t":"x","o":{"p":[1,2]},"n":null}')
    const answer = (await request('GET', `/${_index}/_mapping`)).body[_index] as { mappings: unknown }
    expect(answer.mappings).toEqual({
      properties: {
        b: { type: 'boolean' },
        d: { type: 'date' },
        f: { type: 'float' },
        l: { type: 'long' },
        o: { properties: { p: { type: 'long' } } },
        t: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } },
      },
    })
  })

  it('a strict mapping refuses a new field under a name of its own', async () => {
    const _index = index()
    await request('PUT', `/${_index}`, '{"mappings":{"dynamic":"strict","properties":{"n":{"type":"long"}}}}')
    const [item] = await bulk({ index: { _index, _id: '1' } }, '{"n":1,"m":2}')
    expect(item).toMatchObject({ status: 400, error: { type: 'strict_dynamic_mapping_exception' } })
  })

  it.each([
    ['{"index":{"_index":"x","_id":"1","_type":"y"}}\n{}\n'],
    ['{"fly":{"_index":"x"}}\n{}\n'],
    ['{"index":{"_index":"x"}}\n{}'],
    [`{"index":{"_index":"x","_id":"${'i'.repeat(513)}"}}\n{}\n`],
  ])('a bulk request that says what no server knows is refused whole: %.60s', async (body) => {
    expect((await request('POST', '/_bulk', body)).status).toBe(body.includes('_type') && facts.takesTypes ? 200 : 400)
  })

  it('an index is made once, under a lower-case name', async () => {
    const name = index()
    expect((await fetch(`${address()}/${name}`, { method: 'HEAD' })).status).toBe(404)
    expect((await request('PUT', `/${name}`, '{}')).status).toBe(200)
    expect((await fetch(`${address()}/${name}`, { method: 'HEAD' })).status).toBe(200)
    const again = await request('PUT', `/${name}`, '{}')
    expect([again.status, (again.body.error as { type: string }).type]).toEqual([400, 'resource_already_exists_exception'])
    const wrong = await request('PUT', '/UPPER', '{}')
    expect([wrong.status, (wrong.body.error as { type: string }).type]).toEqual([400, 'invalid_index_name_exception'])
  })

  it('a mapping can be added to, not changed', async () => {
    const name = index()
    await request('PUT', `/${name}`, '{}')
    expect((await request('PUT', `/${name}/_mapping`, '{"properties":{"n":{"type":"long"}}}')).status).toBe(200)
    const changed = await request('PUT', `/${name}/_mapping`, '{"properties":{"n":{"type":"text"}}}')
    expect([changed.status, (changed.body.error as { type: string }).type]).toEqual([400, 'illegal_argument_exception'])
    expect((await request('PUT', `/${name}/_mapping`, '{"type":"long"}')).status).toBe(400)
  })

  it('filter_path keeps the items in their places where it asks for something each one has', async () => {
    const _index = index()
    const lines = [{ create: { _index, _id: 'a' } }, { n: 1 }, { create: { _index, _id: 'a' } }, { n: 2 }]
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    const answer = await request('POST', '/_bulk?filter_path=errors,items.*.status,items.*.error.type', body)
    expect(answer.body).toEqual({
      errors: true,
      items: [{ create: { status: 201 } }, { create: { status: 409, error: { type: 'version_conflict_engine_exception' } } }],
    })
  })

  if (!facts.hasDataStreams) return

  it('a data stream takes creates with a time and nothing else, and needs a template', async () => {
    expect((await request('PUT', `/_data_stream/none-${randomUUID()}`)).status).toBe(400)
    await request('PUT', '/_index_template/logs-for-contract', '{"index_patterns":["logs-*-*"],"data_stream":{}}')
    const _index = `logs-contract-${randomUUID()}`
    expect((await request('PUT', `/_data_stream/${_index}`)).status).toBe(200)
    const items = await bulk(
      ...[{ create: { _index, _id: 'a' } }, '{"@timestamp":1700000000000}'],
      ...[{ create: { _index, _id: 'a' } }, '{"@timestamp":1700000000000}'],
      ...[{ create: { _index, _id: 'b' } }, '{"n":1}'],
      ...[{ index: { _index, _id: 'c' } }, '{"@timestamp":1700000000000}'],
    )
    expect(items.map(({ status, error }) => [status, error?.type])).toEqual([
      [201, undefined],
      [409, 'version_conflict_engine_exception'],
      [400, facts.parsingException],
      [400, 'illegal_argument_exception'],
    ])
  })
}
