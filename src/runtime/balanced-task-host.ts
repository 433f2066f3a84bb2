import { type ConnectorTaskId, taskIdText } from './connector-task-id.ts'
import type { TaskTargetState } from './state.ts'
import type { TaskHost, TaskSpec } from './task-host.ts'

/** Spreads tasks over several hosts: each task goes where the fewest are, the first of equals. It stays there until it is stopped. */
export class BalancedTaskHost implements TaskHost {
  /** With the tasks that each has. */
  readonly #hosts: ReadonlyMap<TaskHost, Set<string>>

  constructor(hosts: readonly TaskHost[]) {
    this.#hosts = new Map(hosts.map((host) => [host, new Set<string>()]))
  }

  start(spec: TaskSpec, target: TaskTargetState): void {
    const fewest = Math.min(...Array.from(this.#hosts.values(), ({ size }) => size))
    for (const [host, tasks] of this.#hosts) {
      if (tasks.size > fewest) continue
      tasks.add(taskIdText(spec.id))
      return host.start(spec, target)
    }
  }

  setTargetState(id: ConnectorTaskId, target: TaskTargetState): void {
    for (const [host, tasks] of this.#hosts) if (tasks.has(taskIdText(id))) host.setTargetState(id, target)
  }

  async stop(ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    const stopIn = async (host: TaskHost, tasks: Set<string>) => {
      const its = ids.filter((id) => tasks.has(taskIdText(id)))
      if (its.length > 0) await host.stop(its, timeoutMs)
      for (const id of its) tasks.delete(taskIdText(id))
    }
    await Promise.all(Array.from(this.#hosts, ([host, tasks]) => stopIn(host, tasks)))
  }
}
