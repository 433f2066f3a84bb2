import { describe, expect, it } from 'vitest'
import { ask, DEAD_LETTERS, startSink, type RunningSink } from '../../support/elasticsearch-sink.ts'

const records = Number(process.env['STANDPIPE_CONFLICT_DOCS'] ?? 100_000)

export function manyRecords(kafka: string, server: string): void {
  describe('one document among many', () => {
    it(`that does not fit the mapping, of ${records}: one dead letter names index, id, field and reason, the rest is in the index`, async () => {
      const bad = Math.floor(records / 2)
      const before = async (sink: RunningSink) => {
        sink.proxy.keepsRequests = false
        await ask(server, 'PUT', `/${sink.topic}`, { mappings: { properties: { price: { type: 'integer' } } } })
      }
      const config = { ...DEAD_LETTERS, 'key.ignore': 'false', 'linger.ms': '100' }
      const all = Array.from({ length: records }, (_, n) => ({ key: `id-${n}`, value: { n, price: n === bad ? 'dear' : n } }))
      const sink = await startSink(kafka, server, { config, before, records: all })
      await sink.committed(records)
      expect(await sink.deadLetterCount()).toBe(1)
      const [letter] = await sink.deadLetters(1)
      const said = letter!.headers.map(({ value }) => value?.toString() ?? '').join('\n')
      expect(letter!.key!.toString()).toBe(`id-${bad}`)
      for (const named of [sink.topic, `id-${bad}`, '[price]', 'For input string']) expect(said).toContain(named)
      await ask(server, 'POST', `/${sink.topic}/_refresh`)
      expect((await ask(server, 'GET', `/${sink.topic}/_count`)).body).toMatchObject({ count: records - 1 })
    })
  })

  describe('200,001 tombstones', () => {
    const tombstones = Array.from({ length: 200_001 }, () => ({ key: 'k', value: null }))
    const ignoring = { 'behavior.on.null.values': 'ignore', 'max.buffered.records': '10', 'batch.size': '2' }

    it('#48 ignored: all are committed past, with a buffer for ten records', async () => {
      const sink = await startSink(kafka, server, { config: ignoring, records: tombstones })
      await sink.committed(200_001)
      expect(sink.calls).toEqual([])
    })

    it('#48 ignored: each is in the dead letter queue before it is committed past', async () => {
      const sink = await startSink(kafka, server, { config: { ...ignoring, ...DEAD_LETTERS }, records: tombstones })
      await sink.committed(200_001)
      expect(await sink.deadLetterCount()).toBe(200_001)
      expect(sink.calls).toEqual([])
    })
  })
}
