import { type ConnectorTaskId, taskIdText } from './connector-task-id.ts'
import { LaneThread, type LaneThreadParts } from './lane-thread.ts'
import type { TaskTargetState } from './state.ts'
import type { TaskHost, TaskSpec } from './task-host.ts'

/**
 * Runs task loops in a lane: a thread that starts with its first task and ends with its last. One that died, or holds a task
 * that was given up, is replaced when the next task starts.
 */
export class ThreadTaskHost implements TaskHost {
  readonly #parts: Omit<LaneThreadParts, 'onDeath'>
  /** The thread that takes tasks; null: none runs. */
  #current: LaneThread | null = null
  /** By task, from its start to its stop. */
  readonly #threads = new Map<string, LaneThread>()

  constructor(parts: Omit<LaneThreadParts, 'onDeath'>) {
    this.#parts = parts
  }

  start(spec: TaskSpec, target: TaskTargetState): void {
    this.#current ??= this.#newThread()
    this.#threads.set(taskIdText(spec.id), this.#current)
    this.#current.start(spec, target)
  }

  setTargetState(id: ConnectorTaskId, target: TaskTargetState): void {
    this.#threads.get(taskIdText(id))?.setTargetState(id, target)
  }

  silentSince(id: ConnectorTaskId): number | null {
    return this.#threads.get(taskIdText(id))?.silentSince() ?? null
  }

  lostThread(id: ConnectorTaskId): boolean {
    return this.#threads.get(taskIdText(id))?.lost.has(taskIdText(id)) ?? false
  }

  async stop(ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    const byThread = Map.groupBy(ids, (id) => this.#threads.get(taskIdText(id)))
    await Promise.all(Array.from(byThread, ([thread, its]) => this.#stopIn(thread, its, timeoutMs)))
  }

  /** @param thread undefined: these tasks were never started here */
  async #stopIn(thread: LaneThread | undefined, ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    if (thread === undefined) return
    await thread.stop(ids, timeoutMs)
    for (const id of ids) this.#threads.delete(taskIdText(id))
    const hasTasks = [...this.#threads.values()].includes(thread)
    if (!hasTasks || thread.holdsCancelled) this.#replace(thread)
    if (!hasTasks) await thread.end()
  }

  #newThread(): LaneThread {
    return new LaneThread({ ...this.#parts, onDeath: (thread) => this.#replace(thread) })
  }

  #replace(thread: LaneThread): void {
    if (this.#current === thread) this.#current = null
  }
}
