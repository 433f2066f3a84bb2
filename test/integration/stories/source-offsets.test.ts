import { expect } from 'vitest'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const filterOut = (value: string) => ({
  transforms: 'keep',
  'transforms.keep.type': 'Script',
  'transforms.keep.expression': `value !== '${value}'`,
  'transforms.keep.result': 'filter',
})
const failure = { do: 'throw', error: { type: 'Error', message: 'no wish to commit' } } as const

describeConcurrentStories('offsets of a source', {}, (story) => {
  story('are stored when Kafka has the records, and commit() is called then', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: 1 } }, { value: 'b', sourceOffset: { position: 2 } })
    await source.offsetIs({ file: 'a' }, { position: 2 })
    await source.director.ended('commit')
  })

  story('are there for readers by source partition, null where none was stored', async (scene) => {
    const source = await scene.source()
    source.emit(
      { value: 'a', sourcePartition: { file: 'a' }, sourceOffset: { position: 1 } },
      { value: 'b', sourcePartition: { file: 'b', part: 1n }, sourceOffset: { position: 2 ** 40 } },
    )
    await source.offsetIs({ file: 'b', part: 1 }, { position: 2 ** 40 })
    await source.offsetIs({ file: 'a' }, { position: 1 })
    expect(await source.storedOffset({ file: 'c' })).toBeNull()
  })

  story('keep integers beyond 2^53', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { lsn: 9_223_372_036_854_775_807n } })
    await source.offsetIs({ file: 'a' }, { lsn: 9_223_372_036_854_775_807n })
  })

  story('call commit() each interval, also when there is nothing to store', async (scene) => {
    const source = await scene.source()
    await source.director.ended('commit', 3)
  })

  story('do not advance over records that are dropped, until a later record of that partition is acknowledged', async (scene) => {
    const source = await scene.source({}, { config: filterOut('drop') })
    source.emit({ value: 'a', sourceOffset: { position: 1 } }, { value: 'drop', sourceOffset: { position: 2 } })
    await source.director.until(() => source.director.committedRecords.length === 2)
    await source.director.next('commit')
    await source.director.next('commit')
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 1 })
    source.emit({ value: 'c', sourceOffset: { position: 3 } })
    await source.offsetIs({ file: 'a' }, { position: 3 })
  })

  story('of records that failed and are kept nowhere do not advance by themselves either', async (scene) => {
    const config = {
      'errors.tolerance': 'all',
      transforms: 'faulty',
      'transforms.faulty.type': 'test.FaultyTransformation',
      'transforms.faulty.value': 'bad',
      'transforms.faulty.error': JSON.stringify({ type: 'DataException', message: 'bad' }),
    }
    const source = await scene.source({}, { config })
    source.emit({ value: 'bad', sourceOffset: { position: 2 } })
    await source.director.until(() => source.director.committedRecords.length === 1)
    await source.director.next('commit')
    await source.director.next('commit')
    expect(await source.storedOffset({ file: 'a' })).toBeNull()
  })

  story('may be null: then nothing is stored for the partition any more', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: 1 } })
    await source.offsetIs({ file: 'a' }, { position: 1 })
    source.emit({ value: 'b', sourceOffset: null })
    await source.offsetIs({ file: 'a' }, null)
  })

  story('that hold something else than plain values are not stored, and the log says so; the task goes on', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: { line: 1 } } as never })
    await scene.until(() => source.logged(/commit|offset/i, 'ERROR').length > 0)
    source.emit({ value: 'b', sourceOffset: { position: 2 } })
    expect(await scene.values(source.topic, 2)).toEqual(['a', 'b'])
    await source.offsetIs({ file: 'a' }, { position: 2 })
    expect(source.status()?.state).toBe('RUNNING')
  })

  story('survive a commit() that throws: it is logged and the task goes on', async (scene) => {
    const source = await scene.source({ commit: () => failure })
    source.emit({ value: 'a', sourceOffset: { position: 1 } })
    await source.offsetIs({ file: 'a' }, { position: 1 })
    await source.director.ended('commit', 2)
    await source.logs('task.commit()', 'ERROR')
    expect(source.status()?.state).toBe('RUNNING')
  })

  story('survive a commitRecord() that throws: it is logged and the offset counts', async (scene) => {
    const source = await scene.source({}, { config: { 'observable.commit.record.throws': 'true' } })
    source.emit({ value: 'a', sourceOffset: { position: 1 } })
    await source.offsetIs({ file: 'a' }, { position: 1 })
    expect(await source.logs('task.commitRecord()', 'ERROR')).toHaveLength(1)
    expect(source.status()?.state).toBe('RUNNING')
  })
})

describeConcurrentStories('offsets of a source with a long interval', { 'offset.flush.interval.ms': '600000' }, (story) => {
  story('are stored at stop, of all that was sent: records on their way are waited for', async (scene) => {
    const source = await scene.source()
    source.emit(...Array.from({ length: 500 }, (_, index) => ({ value: String(index), sourceOffset: { position: index + 1 } })))
    await source.director.ended('poll', 2)
    await source.stop()
    expect(await scene.endOffset(source.topic)).toBe(500)
    await source.resume()
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 500 })
  })

  story('are stored when the task fails, of what Kafka has', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: 1 } })
    await source.director.ended('poll', 2)
    source.play({ do: 'throw', error: { type: 'Error', message: 'broken' } })
    await source.reaches('FAILED')
    await source.restartTask()
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 1 })
  })
})
