import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { taskIdText } from '../../../src/runtime/connector-task-id.ts'
import { BalancedTaskHost } from '../../../src/runtime/balanced-task-host.ts'
import { InlineTaskHost } from '../../../src/runtime/inline-task-host.ts'
import type { TaskHost, TaskSpec } from '../../../src/runtime/task-host.ts'
import { ThreadTaskHost } from '../../../src/runtime/thread-task-host.ts'
import { hostOf, idOf, specOf, taskHostContract, type TaskHostPlace } from '../../contract/task-host.ts'
import { makeScriptedLoop, type Deed } from '../../support/fakes/scripted-loop.ts'

const laneFile = new URL('../../support/fakes/scripted-lane.ts', import.meta.url)

function inline({ listener, offsetStore, log }: TaskHostPlace): InlineTaskHost {
  return new InlineTaskHost({
    makeLoop: (spec, control, taskLog) => makeScriptedLoop(spec, control, taskLog, offsetStore),
    listener,
    log,
  })
}

function lane(place: TaskHostPlace, name = 'lane-1'): ThreadTaskHost {
  return new ThreadTaskHost({ name, file: laneFile, data: { logLevel: 'info', pluginPath: [] }, maxHeapMb: 48, ...place })
}

const balancedLanes = (place: TaskHostPlace, count: number) => {
  let made = 0
  const newHost = () => lane(place, `lane-${++made}`)
  return new BalancedTaskHost({ hosts: Array.from({ length: count }, newHost), newHost })
}

const twoLanes = (place: TaskHostPlace) => balancedLanes(place, 2)

describe('InlineTaskHost', () => taskHostContract(inline))

describe('BalancedTaskHost of main thread and lane', () => {
  taskHostContract((place) => {
    const preferred = { host: inline(place), tasks: 2 }
    return new BalancedTaskHost({ hosts: [lane(place)], preferred, newHost: () => lane(place, 'lane-2') })
  })
})

describe('BalancedTaskHost', () => {
  /** Hosts that keep the tasks started there, as `connector-task`. */
  function recordingHosts(count: number) {
    const started: string[][] = Array.from({ length: count }, () => [])
    const hosts = started.map((tasks): TaskHost => ({
      start: ({ id }) => void tasks.push(taskIdText(id)),
      setTargetState: () => undefined,
      silentSince: () => null,
      lostThread: () => false,
      stop: async () => undefined,
    }))
    return { started, hosts }
  }

  const newHost = () => {
    throw new Error('nobody lost a thread')
  }
  const specOfConnector = (connector: string, task: number): TaskSpec => ({ ...specOf(task, 'runs'), id: { connector, task } })

  it('starts each task where the fewest are', async () => {
    const { started, hosts } = recordingHosts(2)
    const balanced = new BalancedTaskHost({ hosts, newHost })
    for (const task of [0, 1, 2]) balanced.start(specOfConnector('c', task), 'STARTED')
    await balanced.stop(
      [0, 2].map((task) => ({ connector: 'c', task })),
      0,
    )
    balanced.start(specOfConnector('c', 3), 'STARTED')
    expect(started).toEqual([['c-0', 'c-2', 'c-3'], ['c-1']])
  })

  it('fills the preferred host first, with tasks of different connectors', async () => {
    const { started, hosts } = recordingHosts(3)
    const balanced = new BalancedTaskHost({ hosts: hosts.slice(1), preferred: { host: hosts[0]!, tasks: 2 }, newHost })
    for (const [connector, task] of [
      ['a', 0],
      ['a', 1],
      ['b', 0],
      ['c', 0],
      ['c', 1],
    ] as const) {
      balanced.start(specOfConnector(connector, task), 'STARTED')
    }
    expect(started).toEqual([['a-0', 'b-0'], ['a-1', 'c-1'], ['c-0']])
    await balanced.stop([{ connector: 'b', task: 0 }], 0)
    balanced.start(specOfConnector('b', 0), 'STARTED')
    expect(started[0]).toEqual(['a-0', 'b-0', 'b-0'])
  })
})

describe('ThreadTaskHost', () => {
  taskHostContract(lane)

  const outOfMemory =
    'Lane lane-1 ended because it ran out of memory. Its limit is 48 MB; task.lane.max.heap.mb changes it. Its tasks were scripted-0'

  it.each<[Deed, string]>([
    ['eats', outOfMemory],
    ['hoards', outOfMemory],
    ['rejects', 'Lane lane-1 ended because of an error that nobody caught. Its tasks were scripted-0'],
    ['exits', 'Lane lane-1 ended with exit code 7: a plugin called process.exit. Its tasks were scripted-0'],
  ])('fails the tasks of a lane when one %s, and says why', async (deed, sentence) => {
    const { host, statuses, log } = hostOf(lane)
    host.start(specOf(0, deed), 'STARTED')
    const { trace } = await statuses.reaches(0, 'FAILED')
    expect(trace).toMatch(`org.apache.kafka.connect.errors.ConnectException: ${sentence}`)
    if (deed === 'rejects') expect(trace).toContain('Caused by: Error: nobody waits for this')
    expect(log.lines).toContain('ERROR Lane lane-1 ended; the next task that starts gets a new one')
    host.start(specOf(1, 'runs'), 'STARTED')
    await statuses.reaches(1, 'RUNNING')
  })

  it('leaves tasks of other lanes alone when a lane dies', async () => {
    const { host, statuses } = hostOf(twoLanes)
    host.start(specOf(0, 'runs'), 'STARTED')
    host.start(specOf(1, 'eats'), 'STARTED')
    await statuses.reaches(1, 'FAILED')
    host.setTargetState(idOf(0), 'PAUSED')
    await statuses.reaches(0, 'PAUSED')
    expect(statuses.statesOf(0)).toEqual(['RUNNING', 'PAUSED'])
  })

  it('keeps tasks that failed with their lane apart, so that only the one that ends its thread fails again', async () => {
    const { host, statuses, log } = hostOf((place) => balancedLanes(place, 1))
    const deeds: readonly Deed[] = ['runs', 'eats', 'runs']
    for (const [task, deed] of deeds.entries()) host.start(specOf(task, deed), 'STARTED')
    for (const task of deeds.keys()) await statuses.reaches(task, 'FAILED')
    for (const [task, deed] of deeds.entries()) {
      expect(host.lostThread(idOf(task))).toBe(true)
      await host.stop([idOf(task)], 60_000)
      host.start(specOf(task, deed), 'STARTED')
    }
    while (statuses.statesOf(1).filter((state) => state === 'FAILED').length < 2) await delay(2)
    for (const task of [0, 2]) {
      await statuses.reaches(task, 'RUNNING')
      expect(host.lostThread(idOf(task))).toBe(false)
    }
    expect(log.lines.filter((line) => /^ERROR Lane lane-\d ended;/.test(line))).toEqual([
      'ERROR Lane lane-1 ended; the next task that starts gets a new one',
      'ERROR Lane lane-3 ended; the next task that starts gets a new one',
    ])
    await host.stop([0, 1, 2].map(idOf), 60_000)
    host.start(specOf(0, 'exits'), 'STARTED') // it ended in good order meanwhile, and shares again
    await statuses.reaches(0, 'FAILED')
    expect(statuses.last(0)?.trace).toContain('Lane lane-1 ended with exit code 7')
  })

  it('ends a thread that is blocked', async () => {
    const { host, statuses, log } = hostOf(lane)
    host.start(specOf(0, 'blocks'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    await host.stop([idOf(0)], 20)
    expect(log.lines.at(-1)).toMatch(/^ERROR Graceful stop of task scripted-0 failed: its thread lane-1 is blocked/)
    host.start(specOf(0, 'runs'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
  })

  it('knows since when a blocked thread has not answered', async () => {
    const { host, statuses } = hostOf(lane)
    host.start(specOf(0, 'blocks'), 'STARTED')
    await statuses.reaches(0, 'RUNNING')
    const before = Date.now()
    host.silentSince(idOf(0))
    const since = host.silentSince(idOf(0))
    expect(since).toBeGreaterThanOrEqual(before)
    await delay(20)
    expect(host.silentSince(idOf(0))).toBe(since)
  })

  it('fails tasks of a lane whose module cannot be loaded', async () => {
    const { host, statuses } = hostOf((place) => {
      const file = new URL('no-such-lane.js', laneFile)
      return new ThreadTaskHost({ name: 'lane-1', file, data: { logLevel: 'info', pluginPath: [] }, maxHeapMb: null, ...place })
    })
    host.start(specOf(0, 'runs'), 'STARTED')
    const { trace } = await statuses.reaches(0, 'FAILED')
    expect(trace).toContain('no-such-lane.js')
  })

  it('reports a task that was stopping when its lane died as ended', async () => {
    const { host, statuses } = hostOf(lane)
    host.start(specOf(0, 'hangs'), 'STARTED')
    host.start(specOf(1, 'runs'), 'STARTED')
    await statuses.reaches(1, 'RUNNING')
    const stopped = host.stop([idOf(0)], 20_000)
    host.start(specOf(2, 'exits'), 'STARTED')
    await stopped
    expect(statuses.last(0)?.state).toBe('UNASSIGNED')
    expect(statuses.last(1)?.state).toBe('FAILED')
  })
})
