import { describe, expect, it } from 'vitest'
import { ask, DEAD_LETTERS, SCHEMA_VALUES, startSink, type RunningSink } from '../../support/elasticsearch-sink.ts'
import { allTypes } from './names-and-mappings.ts'

const IGNORED = { ...SCHEMA_VALUES, 'schema.ignore': 'true' }

/** An envelope with one optional field. */
function field(type: Readonly<Record<string, unknown>>, value: unknown) {
  return { schema: { type: 'struct', optional: false, fields: [{ field: 'f', optional: true, ...type }] }, payload: { f: value } }
}

const decimal = { type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', version: 1, parameters: { scale: '2' } }
const map = (keys: string, values: string) => ({
  type: 'map',
  keys: { type: keys, optional: false },
  values: { type: values, optional: false },
})
const rows = { type: 'array', items: { type: 'struct', optional: false, fields: [{ field: 'd', ...decimal, optional: false }] } }

export function dataTypes(kafka: string, server: string): void {
  const sent = async (config: Readonly<Record<string, string>>, ...values: readonly unknown[]) => {
    const sink = await startSink(kafka, server, { config, records: values.map((value) => ({ value })) })
    await sink.committed(values.length)
    return sink.proxy.bulkLines.filter((line) => !line.startsWith('{"index"'))
  }

  describe('documents', () => {
    it('#40 #42 all types by their schema', async () => {
      expect(await sent(SCHEMA_VALUES, allTypes)).toEqual([
        '{"i8":1,"i16":2,"i32":3,"i64":4,"f32":0.1,"f64":2.0,"bool":true,"text":"x","bytes":"AQI=","decimal":12.34,' +
          '"date":19724,"time":1000,"ts":1700000000000,"list":[1,2],"map":{"x":1},"inner":{"x":"y"},"maybe":null}',
      ])
    })

    it.each([
      ['#41 a decimal whose schema is ignored is its bytes', IGNORED, field(decimal, 'BNI='), '{"f":"BNI="}'],
      ['#42 a long beyond 2^53', SCHEMA_VALUES, field({ type: 'int64' }, 9007199254740993n), '{"f":9007199254740993}'],
      ['#43 a map with text keys', SCHEMA_VALUES, field(map('string', 'int32'), { x: 1 }), '{"f":{"x":1}}'],
      [
        '#43 the same, not compact',
        { ...SCHEMA_VALUES, 'compact.map.entries': 'false' },
        field(map('string', 'int32'), { x: 1 }),
        '{"f":[{"key":"x","value":1}]}',
      ],
      ['#44 a map with other keys', SCHEMA_VALUES, field(map('int32', 'string'), [[1, 'x']]), '{"f":[{"key":1,"value":"x"}]}'],
      ['#45 a null', SCHEMA_VALUES, field({ type: 'int32' }, null), '{"f":null}'],
      ['#45 a null with a default', SCHEMA_VALUES, field({ type: 'int32', default: 5 }, null), '{"f":5}'],
      ['#46 structs in an array', SCHEMA_VALUES, field(rows, [{ d: 'BNI=' }]), '{"f":[{"d":12.34}]}'],
    ])('%s', async (_name, config, value, want) => {
      const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `n${part}` : part)).replaceAll(
        /"n(\d+)"/g,
        '$1',
      )
      expect(await sent(config, text)).toEqual([want])
    })

    it('#45 a null where there must be something is a data error: nothing is sent, nothing is passed over', async () => {
      const records = [{ value: field({ type: 'int32', optional: false }, null) }]
      const sink = await startSink(kafka, server, { config: { ...SCHEMA_VALUES, ...DEAD_LETTERS, 'errors.tolerance': 'none' }, records })
      expect(await sink.failed()).toMatch(/DataException: .*(null|required)/i)
      expect(sink.proxy.bulkLines).toEqual([])
      expect(await sink.offsets()).toEqual({})
      const tolerant = await startSink(kafka, server, { config: { ...SCHEMA_VALUES, ...DEAD_LETTERS }, records })
      await tolerant.committed(1)
      expect([await tolerant.deadLetterCount(), tolerant.proxy.bulkLines]).toEqual([1, []])
    })

    it('#44 a map with other keys whose schema is ignored is a list of pairs', async () => {
      const config = { ...IGNORED, ...DEAD_LETTERS, 'behavior.on.malformed.documents': 'ignore' }
      const sink = await startSink(kafka, server, { config, records: [{ value: field(map('int32', 'int32'), [[1, 2]]) }] })
      await sink.committed(1)
      expect(sink.proxy.bulkLines[1]).toBe('{"f":[[1,2]]}')
    })

    it('#47 JSON that nothing touched goes on as it came, in one line', async () => {
      const before = async (sink: RunningSink) => {
        await ask(server, 'PUT', `/${sink.topic}`, { mappings: { properties: { b: { type: 'keyword' } } } })
      }
      const value = '{\n  "a": 1.0,\r\n  "b": 12345678901234567890,\n  "s": "x\\ny"\n}'
      const sink = await startSink(kafka, server, { before, records: [{ value }] })
      await sink.committed(1)
      const line = sink.proxy.bulkLines[1]!
      expect(line).not.toMatch(/[\r\n]/)
      expect(line).toMatch(/"a": ?1\.0/)
      expect(line).toMatch(/"b": ?12345678901234567890/)
      expect(JSON.parse(line)).toMatchObject({ a: 1, s: 'x\ny' })
    })

    it('text of all planes, an empty object and names that JavaScript holds dear arrive', async () => {
      const text = '{"__proto__":{"constructor":1},"é":"😀 \\u2028 \\"q\\"","e":{}}'
      const sink = await startSink(kafka, server, { records: [{ value: text }, { value: '{}' }] })
      await sink.committed(2)
      const documents = await sink.documents()
      expect(JSON.stringify(documents[`${sink.topic}+0+0`]!.source)).toBe(JSON.stringify(JSON.parse(text)))
      expect(documents[`${sink.topic}+0+1`]!.source).toEqual({})
    })

    it('values that are no object are reported one by one and hold nothing up', async () => {
      const config = { ...DEAD_LETTERS, 'drop.invalid.message': 'true' }
      const records = ['1', '"x"', '[1]', '{"a":1}', 'true'].map((value) => ({ value }))
      const sink = await startSink(kafka, server, { config, records })
      await sink.committed(5)
      expect(Object.keys(await sink.documents())).toEqual([`${sink.topic}+0+3`])
      expect(await sink.deadLetterCount()).toBe(4)
    })
  })
}
