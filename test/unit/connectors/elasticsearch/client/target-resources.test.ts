import { ConnectException, DataException, RetriableException, SchemaBuilder, INT32_SCHEMA, type Schema } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { RequestFailure } from '../../../../../connectors/elasticsearch/client/request-failure.ts'
import { TargetResources, type TargetResourcesParts } from '../../../../../connectors/elasticsearch/client/target-resources.ts'
import { CollectingLogger } from '../../../../support/fakes/collecting-logger.ts'

const index = { name: 't', isDataStream: false, isExternal: false }
const schema: Schema = SchemaBuilder.struct().field('n', INT32_SCHEMA).build()
const failure = (status: number, type = 'some_exception') =>
  new RequestFailure({
    kind: 'status',
    status,
    message: `HTTP ${status}`,
    javaText: `status ${status}`,
    serverError: { type, reason: '', causedBy: null },
  })

/** A server that has some indices and mappings, and refuses what it is told to, once for each refusal. */
function stage(options: { there?: string[]; mapped?: string[]; refuse?: Record<string, RequestFailure[]>; maxRetries?: number } = {}) {
  const calls: string[] = []
  const [there, mapped] = [new Set(options.there), new Set(options.mapped)]
  const call = <T>(name: string, answer: () => T): Promise<T> => {
    calls.push(name)
    const refused = options.refuse?.[name.replace(/ .*/, '')]?.shift()
    return refused === undefined ? Promise.resolve(answer()) : Promise.reject(refused)
  }
  const client: TargetResourcesParts['client'] = {
    exists: (name) => call(`exists ${name}`, () => there.has(name)),
    createIndex: (name) => call(`createIndex ${name}`, () => void there.add(name)),
    createDataStream: (name) => call(`createDataStream ${name}`, () => void there.add(name)),
    hasMapping: (name) => call(`hasMapping ${name}`, () => mapped.has(name)),
    putMapping: (name, mapping) => call(`putMapping ${name} ${mapping}`, () => void mapped.add(name)),
  }
  const log = new CollectingLogger()
  const backoff = { baseMs: 1, longestMs: 1, random: () => 0 }
  const { maxRetries = Number.POSITIVE_INFINITY } = options
  return { calls, log, mapped, resources: new TargetResources({ client, backoff, maxRetries, signal: new AbortController().signal, log }) }
}

const mappingOf = '{"properties":{"n":{"type":"integer"}}}'

describe('what documents go to', () => {
  it('#1 #31 is asked for and made, once', async () => {
    const { resources, calls, log } = stage()
    expect(resources.isReady('t', false)).toBe(false)
    await resources.prepare(index, undefined)
    expect(resources.isReady('t', false)).toBe(true)
    await resources.prepare(index, undefined)
    expect(calls).toEqual(['exists t', 'createIndex t'])
    expect(log.lines).toEqual(['INFO Created index t'])
  })

  it('#32 may have been made by another in the meantime', async () => {
    const { resources, log } = stage({ refuse: { createIndex: [failure(400, 'resource_already_exists_exception')] } })
    await resources.prepare(index, undefined)
    expect([resources.isReady('t', false), log.lines]).toEqual([true, []])
  })

  it('#19 is a data stream where those are written to', async () => {
    const { resources, calls } = stage()
    await resources.prepare({ ...index, isDataStream: true }, undefined)
    expect(calls).toEqual(['exists t', 'createDataStream t'])
  })

  it.each([
    ['index', false],
    ['datastream', true],
  ])('#33 #36 an external %s is asked for, and missed where it is not there', async (usage, isDataStream) => {
    const external = { ...index, isDataStream, isExternal: true }
    const { resources, calls } = stage({ there: ['t'] })
    await resources.prepare(external, undefined)
    expect(calls).toEqual(['exists t'])
    const missed = stage()
    await expect(missed.resources.prepare(external, undefined)).rejects.toThrow(`${usage} 't' does not exist in Elasticsearch`)
    expect(missed.calls).toEqual(['exists t'])
  })

  it('#37 gets a mapping from the schema, when schemas are used', async () => {
    const { resources, calls } = stage()
    await resources.prepare(index, undefined)
    expect(resources.isReady('t', true)).toBe(false)
    await resources.prepare(index, schema)
    expect(resources.isReady('t', true)).toBe(true)
    expect(calls.slice(2)).toEqual(['hasMapping t', `putMapping t ${mappingOf}`])
  })

  it('#38 keeps the mapping it has', async () => {
    const { resources, calls } = stage({ there: ['t'], mapped: ['t'] })
    await resources.prepare(index, schema)
    expect(calls).toEqual(['exists t', 'hasMapping t'])
  })

  it('#39 cannot get a mapping without a schema; a record with one is tried again', async () => {
    const { resources } = stage({ there: ['t'] })
    await expect(resources.prepare(index, null)).rejects.toThrow(DataException)
    await resources.prepare(index, schema)
    expect(resources.isReady('t', true)).toBe(true)
  })
})

describe('a server that refuses', () => {
  it('is asked again up to max.retries, then the task fails in upstream’s words', async () => {
    const { resources, calls } = stage({ maxRetries: 2, refuse: { createIndex: [failure(503), failure(503), failure(503)] } })
    await expect(resources.prepare(index, undefined)).rejects.toMatchObject({
      javaName: ConnectException.javaName,
      message: "Failed to create index t due to 'status 503' after 3 attempt(s)",
    })
    expect(calls.filter((call) => call.startsWith('createIndex'))).toHaveLength(3)
  })

  it('makes put come again where no limit is set', async () => {
    const { resources } = stage({ refuse: { exists: [failure(503)] } })
    await expect(resources.prepare(index, undefined)).rejects.toThrow(RetriableException)
    await resources.prepare(index, undefined)
    expect(resources.isReady('t', false)).toBe(true)
  })

  it('for good fails the task at once', async () => {
    const { resources, calls } = stage({ maxRetries: 5, refuse: { createIndex: [failure(403)] } })
    await expect(resources.prepare(index, undefined)).rejects.toThrow("Failed to create index t due to 'status 403' after 1 attempt(s)")
    expect(calls).toHaveLength(2)
  })

  it('to let us look is written to all the same', async () => {
    const { resources, calls, log } = stage({ refuse: { exists: [failure(403)], hasMapping: [failure(403)] } })
    await resources.prepare(index, schema)
    expect([resources.isReady('t', true), calls]).toEqual([true, ['exists t', 'hasMapping t']])
    expect(log.lines).toEqual([
      'WARN Going on without the right to check if index t exists: HTTP 403',
      'WARN Going on without the right to get mapping for index t: HTTP 403',
    ])
  })
})

describe('an index that has gone', () => {
  it('#69 is made again, with the mapping it had', async () => {
    const { resources, calls, mapped } = stage()
    await resources.prepare(index, schema)
    mapped.clear()
    calls.length = 0
    await resources.recreate('t')
    expect(calls).toEqual(['createIndex t', 'hasMapping t', `putMapping t ${mappingOf}`])
  })

  it('is not made where it is not ours', async () => {
    const { resources } = stage({ there: ['t'] })
    await resources.prepare({ ...index, isExternal: true }, undefined)
    await expect(resources.recreate('t')).rejects.toThrow("index 't' does not exist")
  })
})
