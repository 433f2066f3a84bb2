import { Worker } from 'node:worker_threads'
import { ConnectException } from '../api/errors.ts'
import type { Logger } from '../api/logger.ts'
import type { OffsetBackingStore } from '../offsets/offset-backing-store.ts'
import { type ConnectorTaskId, taskIdText, taskLogContext } from './connector-task-id.ts'
import { traceOf } from './errors/trace.ts'
import { laneHeapLimit, watchLaneHeap, type LaneHeapLimit } from './lane-heap.ts'
import { writeLaneLine } from './lane-logger.ts'
import type { LaneData, LaneReport, LaneRequest } from './lane-messages.ts'
import { answerOffsetCall } from './lane-offset-store.ts'
import type { TaskStatus, TaskTargetState } from './state.ts'
import type { TaskHostListener, TaskSpec } from './task-host.ts'
import { withinTime } from './within-time.ts'

export interface LaneThreadParts {
  /** Shown by tools that list threads, and in the log. */
  readonly name: string
  /** Module that the thread runs. */
  readonly file: URL
  readonly data: LaneData
  /** For V8's old generation; null: Node's default. */
  readonly maxHeapMb: number | null
  readonly offsetStore: OffsetBackingStore
  readonly listener: TaskHostListener
  readonly log: Logger
  /** Called when the thread ended without having been asked to; its tasks have failed then. */
  readonly onDeath: (thread: LaneThread) => void
}

/** A lane cancels what misses its deadline itself. One that says nothing by then is blocked. */
const answerMs = 250

/**
 * At V8's own limit a thread gets 16 MB more to finish what the collector does. Survivors of a young generation larger than that
 * would not fit, and V8 then ends the process instead of the thread.
 */
const youngGenerationMb = 48

/** One thread as the main thread sees it, with the tasks that run there. */
export class LaneThread {
  readonly #parts: LaneThreadParts
  readonly #worker: Worker
  /** Tasks that have not ended. */
  readonly #running = new Map<string, ConnectorTaskId>()
  readonly #stopping = new Set<string>()
  /** Tasks that failed with the thread. */
  readonly lost = new Set<string>()
  readonly #stops = new Map<number, () => void>()
  #stopCount = 0
  #error: Error | null = null
  #isOutOfMemory = false
  readonly #endHeapWatch: () => void
  #ended = false
  #holdsCancelled = false
  /** Of the ping that is not answered yet. */
  #pingedAt: number | null = null

  constructor(parts: LaneThreadParts) {
    this.#parts = parts
    const limit = laneHeapLimit(parts.maxHeapMb)
    this.#worker = startWorker(parts, limit)
    this.#endHeapWatch = watchLaneHeap(this.#worker, limit.bytes, () => this.#outOfMemory())
    this.#worker.on('message', (report: LaneReport) => this.#receive(report))
    this.#worker.on('error', (error: unknown) => this.#failed(error))
    this.#worker.on('exit', (code) => this.#exited(code))
  }

  /** True: a task here was given up and may still hold on to things. No further one should start here. */
  get holdsCancelled(): boolean {
    return this.#holdsCancelled
  }

  start(spec: TaskSpec, target: TaskTargetState): void {
    this.#running.set(taskIdText(spec.id), spec.id)
    this.#send({ type: 'start', spec, target })
  }

  setTargetState(id: ConnectorTaskId, target: TaskTargetState): void {
    this.#send({ type: 'setTargetState', id, target })
  }

  /** As `TaskHost.silentSince`. */
  silentSince(): number | null {
    if (this.#ended) return null
    const since = this.#pingedAt
    if (since === null) {
      this.#pingedAt = Date.now()
      this.#send({ type: 'ping' })
    }
    return since
  }

  /** As `TaskHost.stop`. */
  async stop(ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    if (this.#ended) return
    const stop = ++this.#stopCount
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stops.set(stop, resolve)
    for (const id of ids) this.#stopping.add(taskIdText(id))
    this.#send({ type: 'stop', stop, ids, timeoutMs })
    const answered = await withinTime(promise, timeoutMs + answerMs)
    this.#stops.delete(stop)
    for (const id of ids) this.#forget(id, answered)
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#worker.terminate()
  }

  #failed(error: unknown): void {
    this.#error = error instanceof Error ? error : new Error(String(error))
    if ('code' in this.#error && this.#error.code === 'ERR_WORKER_OUT_OF_MEMORY') this.#isOutOfMemory = true
  }

  /** The heap is beyond its limit. */
  #outOfMemory(): void {
    this.#isOutOfMemory = true
    void this.#worker.terminate()
  }

  #send(request: LaneRequest): void {
    this.#worker.postMessage(request)
  }

  #receive(report: LaneReport): void {
    switch (report.type) {
      case 'status':
        return this.#report(report.status)
      case 'stopped':
        return this.#stops.get(report.stop)?.()
      case 'log':
        return writeLaneLine(report.line, this.#parts.log)
      case 'pong':
        this.#pingedAt = null
        return
      case 'offsets':
        return void answerOffsetCall(report.call, this.#parts.offsetStore).then((answer) => this.#send({ type: 'offsets', answer }))
    }
  }

  /** A task's last status is UNASSIGNED or FAILED. */
  #report(status: TaskStatus): void {
    const task = taskIdText(status.id)
    if (!this.#running.has(task)) return // given up meanwhile
    if (status.state === 'UNASSIGNED' || status.state === 'FAILED') this.#running.delete(task)
    this.#parts.listener.taskStatusChanged(status)
  }

  #forget(id: ConnectorTaskId, answered: boolean): void {
    const task = taskIdText(id)
    this.#stopping.delete(task)
    if (!this.#running.delete(task)) return
    this.#holdsCancelled = true
    if (answered) return // the lane has logged it
    const { log, name } = this.#parts
    log
      .child(taskLogContext(id))
      .error(`Graceful stop of task ${task} failed: its thread ${name} is blocked and does not answer. The task is abandoned.`)
  }

  #exited(code: number): void {
    this.#endHeapWatch()
    if (!this.#ended) {
      this.#ended = true
      this.#parts.onDeath(this)
      this.#failTasks(code)
    }
    this.#running.clear()
    for (const resolve of this.#stops.values()) resolve()
  }

  #failTasks(code: number): void {
    const { listener, log, name } = this.#parts
    const cause = this.#error
    const error = new ConnectException(this.#causeOfDeath(code), cause === null ? {} : { cause })
    log.error(`Lane ${name} ended; the next task that starts gets a new one`, error)
    for (const [task, id] of this.#running) {
      if (this.#stopping.has(task)) {
        listener.taskStatusChanged({ id, state: 'UNASSIGNED' })
        continue
      }
      this.lost.add(task)
      log.child(taskLogContext(id)).error(`Task failed with its lane ${name}`)
      listener.taskStatusChanged({ id, state: 'FAILED', trace: traceOf(error) })
    }
  }

  #causeOfDeath(code: number): string {
    const { name, maxHeapMb } = this.#parts
    const tasks = `Its tasks were ${[...this.#running.keys()].join(', ') || 'none'}`
    if (this.#isOutOfMemory) {
      const limit = maxHeapMb === null ? 'Its limit follows from Node’s default' : `Its limit is ${maxHeapMb} MB`
      return `Lane ${name} ended because it ran out of memory. ${limit}; task.lane.max.heap.mb changes it. ${tasks}`
    }
    if (this.#error === null) return `Lane ${name} ended with exit code ${code}: a plugin called process.exit. ${tasks}`
    return `Lane ${name} ended because of an error that nobody caught. ${tasks}`
  }
}

function startWorker({ name, file, data }: LaneThreadParts, { hardMb }: LaneHeapLimit): Worker {
  return new Worker(file, {
    name,
    workerData: data,
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb, ...(hardMb === null ? {} : { maxOldGenerationSizeMb: hardMb }) },
    // sources need the condition by which plugins find them; whoever runs them in tests may have set it elsewhere
    ...(file.pathname.endsWith('.ts') ? { execArgv: [...process.execArgv, '--conditions=standpipe:source'] } : {}),
  })
}
