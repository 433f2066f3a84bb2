import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { LineStore } from '../support/observable/line-store.ts'
import type { ObservedConnector } from '../support/observable/observed-connector.ts'
import type { Scene } from '../support/observable/scene.ts'
import { describeStories } from '../support/observable/stage.ts'

/** In the suite small; `STANDPIPE_DRILL_OUTAGE_MS=180000 STANDPIPE_DRILL_RECORDS=1000000` is the whole thing. */
const outageMs = Number(process.env['STANDPIPE_DRILL_OUTAGE_MS'] ?? 6000)
const records = Number(process.env['STANDPIPE_DRILL_RECORDS'] ?? 60_000)
const batchSize = 3000
const perSecond = 1000

/** A store that answers, until the drill says otherwise. */
async function lineStore(poison: string | null = null): Promise<LineStore> {
  const store = new LineStore(poison)
  await store.answer()
  onTestFinished(() => store.vanish())
  return store
}

/** A sink that writes to the store and skips what is bad, into a dead letter queue. */
async function sinkInto(store: LineStore, scene: Scene, topic: string) {
  const dlq = await scene.topic()
  const sink = await scene.connector({}, topic, {
    'connector.class': 'test.LineStoreSinkConnector',
    topics: topic,
    port: String(store.port),
    'consumer.override.max.poll.records': String(batchSize),
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': dlq,
    'errors.deadletterqueue.context.headers.enable': 'true',
  })
  return { sink, dlq }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index))

/** What is wrong with the order in which lines came first; repeated ones do not count. */
function firstOutOfOrder(lines: readonly string[]): string | null {
  let next = 0
  for (const line of lines) {
    if (Number(line) > next) return `${line} came before ${next}`
    if (Number(line) === next) next++
  }
  return null
}

/** The flow of records: so many a second, until it is stopped. */
class Flow {
  sent = 0
  #running = true
  readonly #done: Promise<void>

  constructor(scene: Scene, topic: string) {
    this.#done = this.#run(scene, topic)
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
  }

  async #run(scene: Scene, topic: string): Promise<void> {
    while (this.#running) {
      const next = this.sent + perSecond / 10
      await scene.produce(topic, numbers(this.sent, next))
      this.sent = next
      await delay(100)
    }
  }
}

/** Looks again and again while a phase lasts, and until such a reason was seen: what is said, and whether more is committed than stored. */
async function watch(sink: ObservedConnector, store: LineStore, phaseMs: number, wanted: RegExp) {
  const reasons = new Set<string>()
  const since = new Set<number>()
  const isSeen = () => wanted.test([...reasons].at(-1) ?? '')
  for (const end = Date.now() + phaseMs; Date.now() < end || !isSeen(); await delay(100)) {
    const status = sink.status()
    expect(status?.state).toBe('RUNNING')
    if (status?.condition?.kind === 'RETRYING') {
      reasons.add(status.condition.because)
      since.add(status.condition.since)
    }
    expect((await sink.committed()) ?? 0).toBeLessThanOrEqual(new Set(store.lines).size)
  }
  return { reasons: [...reasons], since: [...since] }
}

describeStories(`a system that is out for ${outageMs} ms`, { 'task.stalled.after.ms': '2000' }, (story) => {
  story(
    'first hung, then refusing: nothing is lost, nothing is dead, offsets wait for it, and one condition says why',
    async (scene) => {
      const topic = await scene.topic()
      const store = await lineStore()
      const { sink, dlq } = await sinkInto(store, scene, topic)
      const flow = new Flow(scene, topic)
      onTestFinished(() => flow.stop())
      await scene.until(() => store.lines.length > perSecond / 2)

      store.hang()
      const hung = await watch(sink, store, outageMs / 2, /not answered/)
      await store.vanish()
      const gone = await watch(sink, store, outageMs / 2, /ECONNREFUSED/)
      await store.answer()
      await scene.until(() => sink.status()?.condition === undefined)
      await delay(500) // records flow behind the outage as well
      await flow.stop()
      await sink.commits(flow.sent, 0, topic, outageMs)

      const stored = new Set(store.lines)
      const warnings = sink.log.filter(({ level, context }) => level !== 'INFO' && context.includes('|task-0]'))
      console.log(
        `[${scene.host}] outage of ${outageMs} ms: ${flow.sent} records, ${stored.size} stored, ${store.lines.length - stored.size} twice, ` +
          `${await scene.endOffset(dlq)} dead; ${warnings.length} lines: ${warnings.map(({ message }) => message).join(' | ')}`,
      )
      expect(stored.size).toBe(flow.sent)
      expect(firstOutOfOrder(store.lines)).toBeNull()
      expect(await scene.endOffset(dlq)).toBe(0)
      expect(hung.reasons).toEqual(['the store has not answered for 1000 ms'])
      expect(new Set([...hung.since, ...gone.since]).size).toBe(1)
      expect(warnings.length).toBeGreaterThan(0)
      expect(warnings.length).toBeLessThanOrEqual(1 + Math.ceil(outageMs / 60_000))
      expect(sink.logged(/Goes on after \d+ attempts/, 'INFO')).toHaveLength(1)
    },
    60_000 + 3 * outageMs,
  )
})

describeStories(`one poison record among ${records}, in batches of ${batchSize}`, {}, (story) => {
  /** @returns milliseconds from the first batch taken to the last */
  async function drain(scene: Scene, topic: string, poison: string | null): Promise<number> {
    const store = await lineStore(poison)
    const { sink, dlq } = await sinkInto(store, scene, topic)
    await sink.commits(records, 0, topic, 60_000 + records)
    expect(store.lines).toEqual(numbers(0, records).filter((line) => line !== poison))
    expect(await scene.endOffset(dlq)).toBe(poison === null ? 0 : 1)
    if (poison !== null) await expectLetter(scene, sink, dlq, poison)
    await sink.delete()
    return store.lastAt - store.firstAt
  }

  async function expectLetter(scene: Scene, sink: ObservedConnector, dlq: string, poison: string): Promise<void> {
    const [letter] = await scene.records(dlq, 1)
    const headers = letter!.headers.map(({ key, value }) => [key.replace('__connect.errors.', ''), value?.toString()])
    expect(letter!.value?.toString()).toBe(poison)
    expect(headers.slice(0, -1)).toEqual([
      ['topic', sink.topic],
      ['partition', '0'],
      ['offset', poison],
      ['connector.name', sink.name],
      ['task.id', '0'],
      ['stage', 'TASK_PUT'],
      ['class.name', 'org.apache.kafka.connect.sink.SinkTask'],
      ['exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
      ['exception.message', 'the store refuses this batch'],
    ])
    expect(headers.at(-1)?.[0]).toBe('exception.stacktrace')
  }

  story(
    'is the only one dead; all others are written once, in order',
    async (scene) => {
      const topic = await scene.topic()
      for (let from = 0; from < records; from += 10_000) await scene.produce(topic, numbers(from, Math.min(from + 10_000, records)))
      const without = await drain(scene, topic, null)
      const poison = String(Math.floor(records * 0.6))
      const withPoison = await drain(scene, topic, poison)
      console.log(
        `[${scene.host}] ${records} records in ${without} ms, with one poison record in ${withPoison} ms: ${withPoison - without} ms more`,
      )
    },
    120_000 + records,
  )
})
