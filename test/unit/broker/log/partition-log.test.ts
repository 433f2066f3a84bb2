import { describe, expect, it } from 'vitest'
import { MemoryFolder } from '../../../../src/broker/log/storage/memory-storage.ts'
import { appendValues, openLog, readRecords, readValues } from './log-fixture.ts'

describe('a partition log', () => {
  it('gives back what was appended, numbered from 0', async () => {
    const log = openLog()
    expect(appendValues(log, ['a', 'b'])).toBe(0)
    expect(appendValues(log, ['c'])).toBe(2)
    const records = await readRecords(log, 0)
    expect(records.map(({ offset, value }) => [offset, String(value)])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
    expect([log.logStartOffset, log.logEndOffset, log.highWatermark, log.lastStableOffset]).toEqual([0, 3, 3, 3])
  })

  it('reads from the batch that has the offset on', async () => {
    const log = openLog()
    appendValues(log, ['a', 'b'])
    appendValues(log, ['c', 'd'])
    expect(await readValues(log, 1)).toEqual(['b', 'c', 'd'])
    expect(await readValues(log, 2)).toEqual(['c', 'd'])
    expect(await readValues(log, 4)).toEqual([])
  })

  it('finds any offset among many batches and segments', async () => {
    const log = openLog({ config: { 'segment.bytes': 2_000, 'index.interval.bytes': 200 } })
    for (let index = 0; index < 300; index++) appendValues(log, [`v${index}`])
    expect(log.segments.all.length).toBeGreaterThan(5)
    for (let offset = 0; offset < 300; offset += 7) expect((await readValues(log, offset))[0]).toBe(`v${offset}`)
  })

  it('is the same after a clean stop', async () => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: { 'segment.bytes': 1_000 } })
    for (let index = 0; index < 50; index++) appendValues(log, [`v${index}`])
    await log.close()
    const again = openLog({ folder, recoveryPoint: 50, config: { 'segment.bytes': 1_000 } })
    expect(again.logEndOffset).toBe(50)
    expect(appendValues(again, ['next'])).toBe(50)
    for (let offset = 0; offset < 50; offset++) expect((await readValues(again, offset))[0]).toBe(`v${offset}`)
  })

  it('is the same without a clean stop', async () => {
    const folder = new MemoryFolder()
    const log = openLog({ folder, config: { 'segment.bytes': 1_000 } })
    for (let index = 0; index < 50; index++) appendValues(log, [`v${index}`])
    const again = openLog({ folder, config: { 'segment.bytes': 1_000 } })
    expect(again.logEndOffset).toBe(50)
    for (let offset = 0; offset < 50; offset++) expect((await readValues(again, offset))[0]).toBe(`v${offset}`)
  })
})
