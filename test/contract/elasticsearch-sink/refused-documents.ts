import { describe, expect, it } from 'vitest'
import { forBulks } from '../../support/fake-elasticsearch/faults.ts'
import { ask, DEAD_LETTERS, startSink, type RunningSink } from '../../support/elasticsearch-sink.ts'
import type { SearchServerFacts } from '../search-server.ts'

/** An index whose field `n` is a long: a text does not fit. */
const numbersOnly = async (sink: RunningSink) => {
  await ask(sink.server, 'PUT', `/${sink.topic}`, { mappings: { properties: { n: { type: 'long' } } } })
}
const ONE_BAD = [{ value: { n: 1 } }, { value: { n: 'abc' } }, { value: { n: 3 } }]

export function refusedDocuments(kafka: string, server: string, { parsingException }: SearchServerFacts): void {
  describe('a document the server refuses', () => {
    it.each(['ignore', 'warn'])('#54 #55 #57 %s: is reported with id, field and reason, the others are in the index', async (behavior) => {
      const config = { ...DEAD_LETTERS, 'behavior.on.malformed.documents': behavior, 'key.ignore': 'false' }
      const records = [
        { key: 'a', value: { n: 1 } },
        { key: 'b', value: { n: 'abc' } },
        { key: 'c', value: { n: 3 } },
      ]
      const sink = await startSink(kafka, server, { config, before: numbersOnly, records })
      await sink.committed(3)
      expect(Object.keys(await sink.documents())).toEqual(['a', 'c'])
      const [letter] = await sink.deadLetters(1)
      expect(await sink.deadLetterCount()).toBe(1)
      expect([letter!.key!.toString(), letter!.value!.toString()]).toEqual(['b', '{"n":"abc"}'])
      const headerOf = (name: string) => letter!.headers.find(({ key }) => key === `__connect.errors.${name}`)!.value!.toString()
      expect(headerOf('exception.message')).toMatch(/^Indexing failed: .*\[n\] of type \[long\] in document with id 'b'/)
      expect(headerOf('exception.message')).toContain(`type=${parsingException},`)
      expect(headerOf('exception.stacktrace')).toContain(sink.topic)
      expect(sink.task?.state).toBe('RUNNING')
      const warnings = sink.log.lines.filter((line) => line.startsWith('WARN') && line.includes(sink.topic))
      expect(warnings).toHaveLength(behavior === 'warn' ? 1 : 0)
      expect(sink.log.lines.join()).not.toContain('"abc"')
    })

    it('#56 fail, the default: the task fails, and commits no further than the document', async () => {
      const sink = await startSink(kafka, server, { before: numbersOnly, records: ONE_BAD })
      expect(await sink.failed()).toMatch(/Indexing record failed/)
      expect((await sink.offsets())[0] ?? 0).toBeLessThanOrEqual(1)
    })

    it('#56 fail: so it does where a strict mapping refuses, and the document is reported', async () => {
      const before = async (sink: RunningSink) => {
        await ask(server, 'PUT', `/${sink.topic}`, { mappings: { dynamic: 'strict', properties: { n: { type: 'long' } } } })
      }
      const config = { ...DEAD_LETTERS, 'behavior.on.malformed.documents': 'fail' }
      const sink = await startSink(kafka, server, {
        config,
        before,
        records: [{ value: { n: 1 } }, { value: { m: 1 } }, { value: { n: 3 } }],
      })
      expect(await sink.failed()).toContain('Indexing record failed')
      expect((await sink.offsets())[0] ?? 0).toBeLessThanOrEqual(1)
      const [letter] = await sink.deadLetters(1)
      expect(letter!.headers.map(({ value }) => value?.toString()).join()).toContain('type=strict_dynamic_mapping_exception,')
      expect(await sink.deadLetterCount()).toBe(1)
    })

    it('#91 the dead letter is the record as it came, with where it came from', async () => {
      const config = { ...DEAD_LETTERS, 'behavior.on.malformed.documents': 'ignore' }
      const bad = { key: 'k', value: '{ "n" : "abc" }', headers: [{ key: 'h', value: Buffer.from('v') }], timestamp: 1700000000000 }
      const sink = await startSink(kafka, server, { config, before: numbersOnly, records: [{ value: { n: 1 } }, bad] })
      const [letter] = await sink.deadLetters(1)
      expect([letter!.key!.toString(), letter!.value!.toString()]).toEqual(['k', '{ "n" : "abc" }'])
      const headers = Object.fromEntries(letter!.headers.map(({ key, value }) => [key, value?.toString()]))
      expect(headers).toMatchObject({
        h: 'v',
        '__connect.errors.topic': sink.topic,
        '__connect.errors.partition': '0',
        '__connect.errors.offset': '1',
        '__connect.errors.connector.name': sink.name,
        '__connect.errors.stage': 'TASK_PUT',
      })
      await sink.committed(2)
    })

    it('#59 an update that loses against others is reported and passed over', async () => {
      const lost = { status: 409, error: { type: 'version_conflict_engine_exception', reason: '[k]: version conflict' } }
      const config = { ...DEAD_LETTERS, 'key.ignore': 'false', 'write.method': 'upsert' }
      const before = async (sink: RunningSink) => {
        sink.proxy.faults = forBulks({ kind: 'items', outcomeOf: () => lost })
      }
      const sink = await startSink(kafka, server, { config, before, records: [{ key: 'k', value: { a: 1 } }] })
      await sink.committed(1)
      expect(await sink.deadLetterCount()).toBe(1)
      expect(sink.task?.state).toBe('RUNNING')
    })
  })
}
