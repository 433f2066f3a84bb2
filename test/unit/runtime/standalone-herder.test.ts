import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  ConfigDef,
  SourceTask,
  SinkTask,
  type Connector,
  type ConnectorContext,
  type Props,
  type SourceRecord,
} from '../../../src/api/index.ts'
import type { KafkaClients } from '../../../src/kafka/ports.ts'
import { taskMetricIndex, type TaskMetrics } from '../../../src/metrics/task-metrics.ts'
import { MemoryOffsetBackingStore } from '../../../src/offsets/memory-offset-backing-store.ts'
import { builtinPlugins } from '../../../src/plugins/builtin.ts'
import { PluginRegistry } from '../../../src/plugins/registry.ts'
import { ConfigTransformer } from '../../../src/runtime/config-transformer.ts'
import { StandaloneHerder } from '../../../src/runtime/standalone-herder.ts'
import { parseWorkerConfig } from '../../../src/runtime/worker-config.ts'
import type { TaskStatus } from '../../../src/runtime/state.ts'
import { Worker } from '../../../src/runtime/worker.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { MemoryConsumer } from '../../support/fakes/memory-consumer.ts'
import { MemoryProducer } from '../../support/fakes/memory-producer.ts'

/** What the connectors and tasks of one test did, in order, and how they are told to behave. */
class Events {
  readonly all: string[] = []
  onConnectorStart: (props: Props) => Promise<void> | void = () => undefined
  onTaskStart: (props: Props) => Promise<void> | void = () => undefined
  onPoll: (task: string) => void = () => undefined
  onTaskStop: () => Promise<void> | void = () => undefined
  onConnectorStop: () => Promise<void> | void = () => undefined
  taskConfigs: (maxTasks: number) => readonly Props[] = (maxTasks) =>
    Array.from({ length: maxTasks }, (_, index) => ({ index: `${index}` }))
  context: ConnectorContext | null = null

  add(event: string): void {
    this.all.push(event)
  }

  /** What happened since the last call. */
  take(): string[] {
    return this.all.splice(0)
  }
}

function connectorClasses(events: Events) {
  class TestSourceTask extends SourceTask {
    readonly version = '1'
    #name = ''
    async start(props: Props): Promise<void> {
      this.#name = `task ${props['index'] ?? ''}`
      events.add(`${this.#name} start`)
      await events.onTaskStart(props)
    }
    async poll(): Promise<readonly SourceRecord[] | null> {
      await delay(1)
      events.onPoll(this.#name)
      return null
    }
    override async stop(): Promise<void> {
      await events.onTaskStop()
      events.add(`${this.#name} stop`)
    }
  }
  class TestSinkTask extends SinkTask {
    readonly version = '1'
    start(): void {
      events.add('sink task start')
    }
    put(): void {}
    override stop(): void {
      events.add('sink task stop')
    }
  }
  class TestConnector implements Connector {
    readonly kind: 'source' | 'sink' = 'source'
    readonly version = '1'
    readonly taskClass: Connector['taskClass'] = TestSourceTask
    initialize(context: ConnectorContext): void {
      events.context = context
    }
    async start(props: Props): Promise<void> {
      events.add(`start ${props['mark'] ?? ''}`.trimEnd())
      await events.onConnectorStart(props)
    }
    taskConfigs(maxTasks: number): readonly Props[] {
      return events.taskConfigs(maxTasks)
    }
    async stop(): Promise<void> {
      events.add('stop')
      await events.onConnectorStop()
    }
    config(): ConfigDef {
      return new ConfigDef({ mark: { type: 'string', default: null, importance: 'low', doc: 'a mark' } })
    }
  }
  class TestSinkConnector extends TestConnector {
    override readonly kind = 'sink'
    override readonly taskClass = TestSinkTask
  }
  return { TestConnector, TestSinkConnector }
}

async function herderFor(events: Events, workerProps: Props = {}) {
  const { TestConnector, TestSinkConnector } = connectorClasses(events)
  const plugins = new PluginRegistry()
  for (const plugin of builtinPlugins) plugins.add(plugin)
  plugins.add({ kind: 'source', className: 'test.TestConnector', version: '1', load: async () => TestConnector })
  plugins.add({ kind: 'sink', className: 'test.TestSinkConnector', version: '1', load: async () => TestSinkConnector })
  const props = {
    'bootstrap.servers': 'localhost:9092',
    'key.converter': 'StringConverter',
    'value.converter': 'StringConverter',
    'offset.storage.class': 'MemoryOffsetBackingStore',
    'task.isolation': 'inline', // the classes of a test are in this thread
    ...workerProps,
  }
  const kafka: KafkaClients = {
    producer: async () => new MemoryProducer(),
    consumer: async () => new MemoryConsumer(),
    admin: () => Promise.reject(new Error('no admin client here')),
  }
  const log = new CollectingLogger()
  const transformer = await ConfigTransformer.fromWorkerProps(props, (className) => plugins.load('config_provider', className), log)
  const offsetStore = new MemoryOffsetBackingStore()
  const laneFile = new URL('file:///nowhere/lane.js')
  const worker = new Worker({ config: parseWorkerConfig(props), plugins, kafka, offsetStore, transformer, laneFile, log })
  const herder = new StandaloneHerder({ worker, log })
  await worker.start()
  onTestFinished(() => herder.stop())
  return { herder, log }
}

const config = (extra: Props = {}): Props => ({ name: 'c', 'connector.class': 'test.TestConnector', 'tasks.max': '2', ...extra })

/** The statuses as `connector task0 task1`. */
function states(herder: StandaloneHerder, name = 'c'): string {
  const { connector, tasks } = herder.connectorStatus(name)
  return [connector?.state ?? 'none', ...tasks.map(({ state }) => state)].join(' ')
}

async function reaches(herder: StandaloneHerder, wanted: string): Promise<void> {
  while (states(herder) !== wanted) await delay(1)
}

const bothStarted = ['start', 'task 0 start', 'task 1 start']

describe('StandaloneHerder, creating a connector', () => {
  it('starts connector and tasks and answers with both', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    const info = await herder.putConnectorConfig('c', config())
    expect(info).toEqual({
      name: 'c',
      config: config(),
      tasks: [
        { connector: 'c', task: 0 },
        { connector: 'c', task: 1 },
      ],
      type: 'source',
    })
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(bothStarted)
    expect(herder.connectors()).toEqual(['c'])
  })

  it('shows no status of a task that has not reported one', async () => {
    const events = new Events()
    events.onTaskStart = () => new Promise(() => undefined)
    const { herder } = await herderFor(events, { 'task.shutdown.graceful.timeout.ms': '10' })
    await herder.putConnectorConfig('c', config())
    expect(states(herder)).toBe('RUNNING')
  })

  it.each([
    ['PAUSED', 'PAUSED'],
    ['STOPPED', 'STOPPED'],
  ] as const)('in state %s starts nothing and makes no tasks until it is resumed', async (initialState, state) => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config(), { initialState })
    expect(states(herder)).toBe(state)
    expect(events.take()).toEqual([])
    await herder.setTargetState('c', 'STARTED')
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(bothStarted)
  })

  it('refuses a name that is taken, and leaves the first one alone', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await expect(herder.putConnectorConfig('c', config({ mark: 'second' }))).rejects.toThrow('Connector c already exists')
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(bothStarted)
  })

  it('registers nothing when the configuration is invalid', async () => {
    const { herder } = await herderFor(new Events())
    await expect(herder.putConnectorConfig('c', config({ 'tasks.max': 'two' }))).rejects.toThrow('Not a number of type INT')
    expect(herder.connectors()).toEqual([])
    expect(() => herder.connectorStatus('c')).toThrow('Connector c not found')
  })

  it('whose start throws leaves a FAILED connector with its trace, which a restart brings up', async () => {
    const events = new Events()
    events.onConnectorStart = () => Promise.reject(new Error('no route'))
    const { herder } = await herderFor(events)
    await expect(herder.putConnectorConfig('c', config())).rejects.toThrow('no route')
    expect(states(herder)).toBe('FAILED')
    expect(herder.connectorStatus('c').connector?.trace).toContain('no route')
    events.onConnectorStart = () => undefined
    await herder.restartConnector('c')
    await reaches(herder, 'RUNNING RUNNING RUNNING')
  })

  it('that wants more tasks than tasks.max fails, and runs none', async () => {
    const events = new Events()
    events.taskConfigs = () => [{}, {}, {}]
    const { herder } = await herderFor(events)
    await expect(herder.putConnectorConfig('c', config())).rejects.toThrow('has generated 3 tasks, which is greater than 2')
    expect(states(herder)).toBe('FAILED')
    expect(events.take()).toEqual(['start'])
  })

  it('that wants more tasks runs them all where tasks.max is not enforced, with a warning', async () => {
    const events = new Events()
    events.taskConfigs = () => [{}, {}, {}]
    const { herder, log } = await herderFor(events)
    await herder.putConnectorConfig('c', config({ 'tasks.max.enforce': 'false' }))
    await reaches(herder, 'RUNNING RUNNING RUNNING RUNNING')
    expect(log.lines.filter((line) => line.startsWith('WARN') && line.includes('has generated 3 tasks'))).toHaveLength(1)
  })

  it('gives the tasks of a sink the topics of the connector', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    const info = await herder.putConnectorConfig(
      'c',
      config({ 'connector.class': 'test.TestSinkConnector', topics: 'a,b', 'tasks.max': '1' }),
    )
    expect(info.type).toBe('sink')
    await reaches(herder, 'RUNNING RUNNING')
  })

  it('a task that cannot start is FAILED with its trace; connector and other tasks run', async () => {
    const events = new Events()
    events.onTaskStart = ({ index }) => (index === '0' ? Promise.reject(new Error('no table')) : undefined)
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING FAILED RUNNING')
    expect(herder.connectorStatus('c').tasks[0]?.trace).toContain('no table')
  })
})

describe('StandaloneHerder, replacing a configuration', () => {
  it('restarts connector and tasks when it differs', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await herder.putConnectorConfig('c', config({ mark: 'new', 'tasks.max': '1' }), { allowReplace: true })
    await reaches(herder, 'RUNNING RUNNING')
    const happened = events.take()
    expect(happened.slice(0, 2)).toEqual(['stop', 'start new'])
    expect(happened.slice(2).sort()).toEqual(['task 0 start', 'task 0 stop', 'task 1 stop'])
    expect(herder.connectorInfo('c').config['mark']).toBe('new')
  })

  it('creates a connector that does not exist', async () => {
    const { herder } = await herderFor(new Events())
    await herder.putConnectorConfig('c', config(), { allowReplace: true })
    await reaches(herder, 'RUNNING RUNNING RUNNING')
  })

  it('keeps a paused connector paused, and its new tasks wait for the resume', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config(), { initialState: 'PAUSED' })
    await herder.putConnectorConfig('c', config({ mark: 'new' }), { allowReplace: true })
    expect(states(herder)).toBe('PAUSED')
    expect(events.take()).toEqual([])
    await herder.setTargetState('c', 'STARTED')
    await reaches(herder, 'RUNNING RUNNING RUNNING')
  })

  it('leaves everything as it was when the new one is invalid', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await expect(herder.putConnectorConfig('c', config({ 'tasks.max': '0' }), { allowReplace: true })).rejects.toThrow('tasks.max')
    expect(states(herder)).toBe('RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual([])
    expect(herder.connectorInfo('c').config).toEqual(config())
  })

  it('the tasks of before go on when the connector cannot start with the new one', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.onConnectorStart = () => Promise.reject(new Error('wrong mark'))
    await expect(herder.putConnectorConfig('c', config({ mark: 'wrong' }), { allowReplace: true })).rejects.toThrow('wrong mark')
    expect(states(herder)).toBe('FAILED RUNNING RUNNING')
  })
})

describe('StandaloneHerder, target states', () => {
  it('PAUSED stops the connector and keeps its tasks, which are not started again by the resume', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await herder.setTargetState('c', 'PAUSED')
    await reaches(herder, 'PAUSED PAUSED PAUSED')
    expect(events.take()).toEqual(['stop'])
    await herder.setTargetState('c', 'STARTED')
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(['start'])
  })

  it('STOPPED removes the tasks; the resume makes them anew', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await herder.setTargetState('c', 'STOPPED')
    expect(states(herder)).toBe('STOPPED')
    expect(herder.connectorInfo('c').tasks).toEqual([])
    expect(events.take().sort()).toEqual(['stop', 'task 0 stop', 'task 1 stop'])
    await herder.setTargetState('c', 'STARTED')
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(bothStarted)
  })

  it('from STOPPED to PAUSED no task is made', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config(), { initialState: 'STOPPED' })
    await herder.setTargetState('c', 'PAUSED')
    expect(states(herder)).toBe('PAUSED')
    expect(events.take()).toEqual([])
  })

  it('a failed connector can be stopped, and started again from there; it cannot be paused', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.context?.raiseError(new Error('the catalogue is gone'))
    expect(states(herder)).toBe('FAILED RUNNING RUNNING')
    expect(herder.connectorStatus('c').connector?.trace).toContain('the catalogue is gone')
    await herder.setTargetState('c', 'PAUSED')
    await reaches(herder, 'FAILED PAUSED PAUSED')
    await herder.setTargetState('c', 'STOPPED')
    expect(states(herder)).toBe('STOPPED')
    await herder.setTargetState('c', 'STARTED')
    await reaches(herder, 'RUNNING RUNNING RUNNING')
  })

  it('of a connector that does not exist are refused', async () => {
    const { herder } = await herderFor(new Events())
    await expect(herder.setTargetState('c', 'PAUSED')).rejects.toThrow('Connector c not found')
  })
})

describe('StandaloneHerder, restarting', () => {
  it('the connector leaves its tasks alone', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await herder.restartConnector('c')
    expect(events.take()).toEqual(['stop', 'start'])
    expect(states(herder)).toBe('RUNNING RUNNING RUNNING')
  })

  it('a task leaves connector and other tasks alone', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await herder.restartTask({ connector: 'c', task: 1 })
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(['task 1 stop', 'task 1 start'])
  })

  it('a failed task brings it up again', async () => {
    const events = new Events()
    events.onTaskStart = () => Promise.reject(new Error('no table'))
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config({ 'tasks.max': '1' }))
    await reaches(herder, 'RUNNING FAILED')
    events.onTaskStart = () => undefined
    await herder.restartTask({ connector: 'c', task: 0 })
    await reaches(herder, 'RUNNING RUNNING')
  })

  it.each([
    [{ connector: 'c', task: 7 }, 'Task c-7 not found'],
    [{ connector: 'd', task: 0 }, 'Connector d not found'],
  ])('%o, which does not exist, is refused', async (id, text) => {
    const { herder } = await herderFor(new Events())
    await herder.putConnectorConfig('c', config())
    await expect(herder.restartTask(id)).rejects.toThrow(text)
  })
})

describe('StandaloneHerder, when a task fails', () => {
  const soon = { 'task.restart.backoff.initial.ms': '1' }
  const never = { 'task.restart.backoff.initial.ms': '1000000', 'task.restart.backoff.max.ms': '1000000' }
  const id = { connector: 'c', task: 0 }
  const failOnce = (events: Events) => (task: string) => {
    if (task !== 'task 0') return
    events.onPoll = () => undefined
    throw new Error('lost the thread')
  }

  it('starts it again by itself, and leaves connector and other tasks alone', async () => {
    const events = new Events()
    const { herder } = await herderFor(events, soon)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    events.onPoll = failOnce(events)
    while (!events.all.includes('task 0 start')) await delay(1)
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(['task 0 stop', 'task 0 start'])
  })

  it('keeps on trying one that cannot start', async () => {
    const events = new Events()
    const { herder } = await herderFor(events, soon)
    let failures = 3
    events.onTaskStart = ({ index }) => {
      if (index === '0' && failures-- > 0) throw new Error('no route')
    }
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(failures).toBe(-1)
  })

  it('shows it as FAILED with its trace, and when it starts again', async () => {
    const events = new Events()
    const { herder } = await herderFor(events, never)
    events.onPoll = failOnce(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING FAILED RUNNING')
    const [{ trace, condition }] = herder.connectorStatus('c').tasks as [TaskStatus]
    expect(trace).toMatch(/^Error: lost the thread\n\tat /)
    expect(condition).toMatchObject({ kind: 'RESTARTING', attempts: 1, because: 'Error: lost the thread' })
  })

  it('with task.restart.max.attempts=0 leaves it FAILED', async () => {
    const events = new Events()
    const { herder, log } = await herderFor(events, { ...soon, 'task.restart.max.attempts': '0' })
    events.onPoll = failOnce(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING FAILED RUNNING')
    expect(herder.connectorStatus('c').tasks[0]?.condition).toBeUndefined()
    expect(log.lines.at(-1)).toBe('ERROR Task stays FAILED until somebody restarts it: task.restart.max.attempts=0.')
  })

  it('somebody may restart it before its time', async () => {
    const events = new Events()
    const { herder } = await herderFor(events, never)
    events.onPoll = failOnce(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING FAILED RUNNING')
    await herder.restartTask(id)
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(herder.connectorStatus('c').tasks[0]?.condition).toBeUndefined()
  })

  it('a paused one comes back paused', async () => {
    const events = new Events()
    const { herder } = await herderFor(events, { ...soon, 'task.restart.backoff.initial.ms': '50' })
    events.onPoll = failOnce(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING FAILED RUNNING')
    await herder.setTargetState('c', 'PAUSED')
    await reaches(herder, 'PAUSED PAUSED PAUSED')
  })

  it('does not restart what was replaced while the restart was due', async () => {
    const events = new Events()
    const { herder } = await herderFor(events, soon)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    const stopping = Promise.withResolvers<void>()
    events.onConnectorStop = () => stopping.promise
    const replaced = herder.putConnectorConfig('c', config({ mark: 'new' }), { allowReplace: true })
    events.onPoll = failOnce(events)
    await reaches(herder, 'RUNNING FAILED RUNNING')
    await delay(20) // the restart waits behind the change
    events.take()
    stopping.resolve()
    await replaced
    await herder.setTargetState('c', 'STARTED') // comes after whatever waited
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take().filter((event) => event === 'task 0 start')).toHaveLength(1)
  })

  it('does not restart tasks of a connector that was stopped', async () => {
    const events = new Events()
    const { herder } = await herderFor(events, { 'task.restart.backoff.initial.ms': '20' })
    events.onPoll = failOnce(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING FAILED RUNNING')
    await herder.setTargetState('c', 'STOPPED')
    events.take()
    await delay(40)
    await herder.setTargetState('c', 'STOPPED')
    expect(events.take()).toEqual([])
    expect(states(herder)).toBe('STOPPED')
  })
})

describe('StandaloneHerder, numbers of tasks', () => {
  const id = { connector: 'c', task: 0 }

  it('shows them while the task is there', async () => {
    const { herder } = await herderFor(new Events())
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(herder.taskMetrics(id)?.snapshot()).toMatchObject({ 'source-record-write-total': 0, 'sink-record-send-total': 0 })
    expect(herder.taskMetrics({ connector: 'c', task: 7 })).toBeNull()
    await herder.setTargetState('c', 'STOPPED')
    expect(herder.taskMetrics(id)).toBeNull()
    expect(() => herder.taskMetrics({ connector: 'other', task: 0 })).toThrow('Connector other not found')
  })

  it('says of a task that has work and gets nowhere that it is STALLED', async () => {
    const { herder } = await herderFor(new Events(), { 'task.stalled.after.ms': '4' })
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    const metrics = herder.taskMetrics(id) as TaskMetrics
    metrics.set(taskMetricIndex('source-record-active-count'), 3)
    while (herder.connectorStatus('c').tasks[0]?.condition?.kind !== 'STALLED') await delay(1)
    expect(herder.connectorStatus('c').tasks[1]?.condition).toBeUndefined()
    metrics.add(taskMetricIndex('source-record-write-total'), 3)
    metrics.set(taskMetricIndex('source-record-active-count'), 0)
    while (herder.connectorStatus('c').tasks[0]?.condition !== undefined) await delay(1)
  })

  it('divides worker.max.inflight.bytes evenly among the tasks that there are', async () => {
    const { herder, log } = await herderFor(new Events(), { 'worker.max.inflight.bytes': '6000000' })
    expect(log.lines).toEqual(['INFO Tasks may have 6000000 bytes in flight together: worker.max.inflight.bytes=6000000'])
    const shares = (name: string) => [0, 1].map((task) => herder.taskMetrics({ connector: name, task })?.get('inflight-bytes-limit'))
    await herder.putConnectorConfig('c', config())
    expect(shares('c')).toEqual([3_000_000, 3_000_000])
    await herder.putConnectorConfig('d', { ...config(), name: 'd', 'tasks.max': '1' })
    expect([...shares('c'), ...shares('d')]).toEqual([2_000_000, 2_000_000, 2_000_000, undefined])
    await herder.deleteConnector('c')
    expect(shares('d')).toEqual([6_000_000, undefined])
  })
})

describe('StandaloneHerder, when a connector asks for new task configurations', () => {
  it('changed ones replace the tasks, the same ones do not', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    events.context?.requestTaskReconfiguration()
    await herder.restartTask({ connector: 'c', task: 0 }) // changes are made in turn: the reconfiguration is over
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    expect(events.take()).toEqual(['task 0 stop', 'task 0 start'])
    events.taskConfigs = () => [{ index: '7' }]
    events.context?.requestTaskReconfiguration()
    while (!events.all.includes('task 7 start')) await delay(1)
    await reaches(herder, 'RUNNING RUNNING')
    expect(events.take().sort()).toEqual(['task 0 stop', 'task 1 stop', 'task 7 start'])
  })

  it('a paused one is not asked', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    await herder.setTargetState('c', 'PAUSED')
    let asked = 0
    events.taskConfigs = () => [{ index: `${asked++}` }]
    events.context?.requestTaskReconfiguration()
    await herder.setTargetState('c', 'PAUSED')
    expect(asked).toBe(0)
  })

  it('a failure is logged and the tasks stay as they are', async () => {
    const events = new Events()
    const { herder, log } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.taskConfigs = () => {
      throw new Error('cannot list')
    }
    events.context?.requestTaskReconfiguration()
    while (!log.lines.some((line) => line.includes('its tasks stay as they are'))) await delay(1)
    expect(states(herder)).toBe('RUNNING RUNNING RUNNING')
  })
})

describe('StandaloneHerder, deleting and stopping', () => {
  it('deleting stops tasks and connector and forgets both; the name is free again', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await herder.deleteConnector('c')
    expect(events.take().sort()).toEqual(['stop', 'task 0 stop', 'task 1 stop'])
    expect(herder.connectors()).toEqual([])
    expect(() => herder.connectorInfo('c')).toThrow('Connector c not found')
    await herder.putConnectorConfig('c', config({ 'tasks.max': '1' }))
    await reaches(herder, 'RUNNING RUNNING')
  })

  it('changes asked for at the same time are made one after the other', async () => {
    const events = new Events()
    events.onConnectorStart = () => delay(5)
    const { herder } = await herderFor(events)
    const [first, second] = await Promise.allSettled([
      herder.putConnectorConfig('c', config()),
      herder.putConnectorConfig('c', config()),
      herder.deleteConnector('c'),
      herder.putConnectorConfig('c', config({ 'tasks.max': '1' })),
    ])
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected'])
    await reaches(herder, 'RUNNING RUNNING')
  })

  it('a task that does not stop in time is abandoned: its later states are not shown', async () => {
    const events = new Events()
    const hanging = Promise.withResolvers<void>()
    events.onTaskStop = () => hanging.promise
    const { herder, log } = await herderFor(events, { 'task.shutdown.graceful.timeout.ms': '20' })
    await herder.putConnectorConfig('c', config({ 'tasks.max': '1' }))
    await reaches(herder, 'RUNNING RUNNING')
    events.take()
    await herder.restartTask({ connector: 'c', task: 0 })
    while (!events.all.includes('task 0 start')) await delay(1)
    expect(log.lines.join('\n')).toContain('Graceful stop of task c-0 failed')
    hanging.resolve()
    while (!events.all.includes('task 0 stop')) await delay(1)
    expect(states(herder)).toBe('RUNNING RUNNING')
  })

  it('after stop nothing can be changed any more', async () => {
    const events = new Events()
    const { herder } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await reaches(herder, 'RUNNING RUNNING RUNNING')
    events.take()
    await herder.stop()
    expect(events.take().sort()).toEqual(['stop', 'task 0 stop', 'task 1 stop'])
    await expect(herder.putConnectorConfig('d', { ...config(), name: 'd' })).rejects.toThrow('The worker is stopping')
    events.context?.requestTaskReconfiguration()
    await delay(5)
    expect(events.take()).toEqual([])
  })

  it('a connector that fails to stop does not keep the others', async () => {
    const events = new Events()
    events.onConnectorStop = () => Promise.reject(new Error('cannot let go'))
    const { herder, log } = await herderFor(events)
    await herder.putConnectorConfig('c', config())
    await herder.deleteConnector('c')
    expect(log.lines).toContain('ERROR Connector failed to stop')
    expect(herder.connectors()).toEqual([])
  })
})
