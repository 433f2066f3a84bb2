import { expect } from 'vitest'
import type { ErrorSpec, Step } from '../../support/observable/dialogue.ts'
import type { Part } from '../../support/observable/director.ts'
import { describeConcurrentStories } from '../../support/observable/stage.ts'

const failing = (error: ErrorSpec): Step => ({ do: 'throw', error })
const refused: ErrorSpec = { type: 'Error', message: 'connect ECONNREFUSED 10.0.0.1:5432', code: 'ECONNREFUSED' }

/** Does this for the first polls, then gives one record, then nothing. */
const atFirst =
  (times: number, step: Step | readonly Step[], topic: string): Part =>
  ({ nth }) => {
    if (nth <= times) return step
    if (nth > times + 1) return
    return { do: 'emit', records: [{ topic, value: 'at last', sourcePartition: { file: 'a' }, sourceOffset: { position: 1 } }] }
  }

describeConcurrentStories('poll', {}, (story) => {
  story('that returns null is called again at once: the task sets the pace', async (scene) => {
    const source = await scene.source()
    await source.director.ended('poll', 20)
    expect(source.status()?.state).toBe('RUNNING')
  })

  story('may return an empty list', async (scene) => {
    const topic = await scene.topic()
    const source = await scene.source({ poll: atFirst(3, { do: 'emit', records: [] }, topic) }, { topic })
    await source.director.until(() => source.director.committedRecords.length === 1)
    expect(source.director.committedRecords).toEqual([['at last', 0]])
  })

  story('that throws RetriableException is called again, and the task stays RUNNING', async (scene) => {
    const topic = await scene.topic()
    const source = await scene.source({ poll: atFirst(2, failing({ type: 'RetriableException', message: 'not yet' }), topic) }, { topic })
    expect(await scene.values(topic, 1)).toEqual(['at last'])
    expect(source.status()).toEqual({ id: { connector: source.name, task: 0 }, state: 'RUNNING' })
    expect(source.log.filter(({ level }) => level === 'ERROR')).toEqual([])
  })

  story('that cannot reach its system is called again; the status says RETRYING and why, until it answers', async (scene) => {
    let down = true
    const topic = await scene.topic()
    const source = await scene.source({ poll: () => (down ? failing(refused) : undefined) }, { topic })
    await scene.until(() => source.status()?.condition?.kind === 'RETRYING')
    const { state, condition } = source.status()!
    expect([state, condition?.because]).toEqual(['RUNNING', refused.message])
    await scene.until(() => {
      const now = source.status()?.condition
      return now?.kind === 'RETRYING' && now.attempts >= 3
    })
    expect(source.logged('is tried again until it succeeds', 'WARN')).toHaveLength(1)
    down = false
    await scene.until(() => source.status()?.condition === undefined)
    expect(source.status()?.state).toBe('RUNNING')
    expect(source.director.of('start')).toHaveLength(1)
  })

  story('whose error was caused by an outage counts as an outage', async (scene) => {
    const topic = await scene.topic()
    const step = failing({ type: 'ConnectException', message: 'could not read the table', cause: refused })
    await scene.source({ poll: atFirst(1, step, topic) }, { topic })
    expect(await scene.values(topic, 1)).toEqual(['at last'])
  })

  story('in an outage does not keep the task from stopping', async (scene) => {
    const source = await scene.source({ poll: () => failing(refused) })
    await source.director.ended('poll', 3)
    await source.stop()
    expect(source.logged('Graceful stop')).toEqual([])
    expect(source.director.of('stop')).toHaveLength(1)
  })

  story.each([
    ['anything else', { type: 'Error', message: 'column "id" does not exist' }],
    ['DataException, which names no record to skip', { type: 'DataException', message: 'line 3 is no JSON' }],
  ] as const)('that throws %s fails the task with its trace, tolerance or not', async (scene, error) => {
    const source = await scene.source(
      { poll: ({ nth }) => (nth === 2 ? failing(error) : undefined) },
      { config: { 'errors.tolerance': 'all' } },
    )
    source.emit({ value: 'never', sourceOffset: { position: 1 } })
    const { trace } = await source.reaches('FAILED')
    expect(trace).toContain(error.message)
    expect(source.director.of('stop')).toHaveLength(1)
  })

  story('that throws stores the offsets of what was acknowledged before', async (scene) => {
    const source = await scene.source()
    source.emit({ value: 'a', sourceOffset: { position: 5 } })
    await source.director.until(() => source.director.committedRecords.length === 1)
    source.play(failing({ type: 'Error', message: 'gone' }))
    await source.reaches('FAILED')
    await source.restartTask()
    expect(await source.storedOffset({ file: 'a' })).toEqual({ position: 5 })
  })
})
