import type { Logger } from '../../../src/api/logger.ts'
import { taskMetricIndex } from '../../../src/metrics/task-metrics.ts'
import type { OffsetBackingStore } from '../../../src/offsets/offset-backing-store.ts'
import type { TaskControl } from '../../../src/runtime/task-control.ts'
import type { TaskSpec } from '../../../src/runtime/task-host.ts'
import type { TaskLoop } from '../../../src/runtime/worker-task.ts'

/** What a task does, as its key `does` says. Runs in any thread; what it did is read from the offset store. */
const deeds = {
  runs: untilStopped,
  fails: () => Promise.reject(new Error('the loop broke', { cause: new RangeError('for a reason') })),
  /** Goes on although it was asked to stop. */
  hangs: () => new Promise<void>(() => undefined),
  /** Holds its thread. */
  blocks: async () => {
    for (;;);
  },
  /** Fills its heap with small objects. */
  eats: async () => {
    const eaten: unknown[] = []
    for (;;) eaten.push({ text: `${eaten.length}`, numbers: [eaten.length] })
  },
  /** Fills its heap with a map, which takes more and more at once. */
  hoards: async () => {
    const hoard = new Map<number, unknown>()
    for (let index = 0; ; index++) hoard.set(index, { index })
  },
  rejects: async (parts: Parts) => {
    void Promise.reject(new Error('nobody waits for this'))
    await untilStopped(parts)
  },
  exits: async (parts: Parts) => {
    process.exit(7)
    await untilStopped(parts)
  },
  /** Says that another system is out, until it is paused and resumed. */
  retries: async (parts: Parts) => {
    parts.control.retrying({ kind: 'RETRYING', since: 1, because: 'the database is down', attempts: 2, nextAt: 3 })
    await new Promise<void>((resolve) => (parts.control.onChange = resolve))
    parts.control.recovered()
    await untilStopped(parts)
  },
  /** Counts three records and stays in `put`. */
  measures: async (parts: Parts) => {
    parts.control.metrics.add(taskMetricIndex('sink-record-send-total'), 3)
    parts.control.metrics.enter('put', 1234)
    parts.log.info('measured')
    await untilStopped(parts)
  },
  /** Adds one to its offset, and gives up when that cannot be stored. */
  counts: async (parts: Parts) => {
    const key = keyOf(parts.spec)
    const [before] = await parts.offsetStore.get([key])
    const value = Buffer.from(String(Number(before ?? 0) + 1))
    await parts.offsetStore.set([{ key, value }])
    parts.log.warn(`${(await parts.offsetStore.entries()).length} offsets`, new TypeError('only shown'))
    await untilStopped(parts)
  },
} as const

export type Deed = keyof typeof deeds

interface Parts {
  readonly spec: TaskSpec
  readonly control: TaskControl
  readonly log: Logger
  readonly offsetStore: OffsetBackingStore
}

/** Key of the offset that a task `counts`. */
export function keyOf({ id }: Pick<TaskSpec, 'id'>): Buffer {
  return Buffer.from(`["${id.connector}",{"task":${id.task}}]`)
}

/** The loop of a task without clients. `fails at` of its configuration names a step that throws: make or start. */
export async function makeScriptedLoop(
  spec: TaskSpec,
  control: TaskControl,
  log: Logger,
  offsetStore: OffsetBackingStore,
): Promise<TaskLoop> {
  const failAt = (step: string): void => {
    if (spec.taskProps['fails at'] === step) throw new TypeError(`cannot ${step}`)
  }
  failAt('make')
  const deed = deeds[spec.taskProps['does'] as Deed]
  return {
    start: async () => failAt('start'),
    execute: () => deed({ spec, control, log, offsetStore }),
    close: async () => log.info('closed'),
  }
}

async function untilStopped({ control }: Parts): Promise<void> {
  while (!control.stopping) {
    await control.whilePaused()
    if (control.stopping) return
    control.report('RUNNING')
    await new Promise<void>((resolve) => (control.onChange = resolve))
  }
}
