import { expect } from 'vitest'
import type { Call } from '../support/observable/director.ts'
import type { Scene } from '../support/observable/scene.ts'
import { describeStories } from '../support/observable/stage.ts'

const PARTITIONS = 8
const VALUE_BYTES = 50_000
const VALUES = 60
/** What the broker may return beyond the share: the producer's largest batch. */
const LARGEST_BATCH = 1_100_000

describeStories('worker.max.inflight.bytes', { 'worker.max.inflight.bytes': '4000000' }, (story) => {
  /** 24 MB in eight partitions. */
  async function largeTopic(scene: Scene): Promise<string> {
    const topic = await scene.topic(PARTITIONS)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await scene.produce(
        topic,
        Array.from({ length: VALUES }, (_, number) => `${number} `.padEnd(VALUE_BYTES, '.')),
        { partition },
      )
    }
    return topic
  }

  story('bounds what a sink whose put hangs has fetched, and everything arrives when it goes on', async (scene) => {
    const topic = await largeTopic(scene)
    const held = Promise.withResolvers<void>()
    let isHeld = true
    const hangs = ({ facts }: Call) => isHeld && (facts.records?.length ?? 0) > 0
    const sink = await scene.sink({ put: (call) => (hangs(call) ? held.promise : undefined) }, { topic })
    const metrics = () => scene.stage.herder.taskMetrics({ connector: sink.name, task: 0 })!
    await scene.until(() => metrics().get('inflight-bytes') > VALUE_BYTES)
    let most = 0
    for (let looks = 0; looks < 50; looks++) {
      most = Math.max(most, metrics().get('inflight-bytes'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const limit = metrics().get('inflight-bytes-limit')
    expect(limit).toBe(scene.host === 'inline' ? 4_000_000 : Math.floor(4_000_000 / 3)) // two idle tasks keep the lanes
    expect(most).toBeLessThanOrEqual(limit + 2 * LARGEST_BATCH)
    isHeld = false
    held.resolve()
    await scene.until(() => metrics().get('sink-record-send-total') === PARTITIONS * VALUES)
    await scene.until(() => metrics().get('inflight-bytes') === 0)
  })
})
