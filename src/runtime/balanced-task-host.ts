import { type ConnectorTaskId, taskIdText } from './connector-task-id.ts'
import type { TaskTargetState } from './state.ts'
import type { TaskHost, TaskSpec } from './task-host.ts'

interface Place {
  readonly host: TaskHost
  readonly tasks: Map<string, ConnectorTaskId>
  /** Takes so many tasks, each of another connector, before any other place gets one. */
  readonly first: number
}

/**
 * Spreads tasks over several hosts: each task goes where the fewest are, the first of equals. It stays there until it is stopped.
 * A host that is preferred is filled first; a second task of one connector is there to use another core, and goes elsewhere.
 */
export class BalancedTaskHost implements TaskHost {
  readonly #places: readonly Place[]

  /** @param preferred one more host, and how many tasks go there first; absent: all hosts are alike */
  constructor(hosts: readonly TaskHost[], preferred?: { readonly host: TaskHost; readonly tasks: number }) {
    const newPlace = (host: TaskHost, first: number): Place => ({ host, tasks: new Map(), first })
    this.#places = [
      ...(preferred === undefined ? [] : [newPlace(preferred.host, preferred.tasks)]),
      ...hosts.map((host) => newPlace(host, 0)),
    ]
  }

  start(spec: TaskSpec, target: TaskTargetState): void {
    const place = this.#places.find((each) => prefers(each, spec.id)) ?? this.#emptiest()
    place?.tasks.set(taskIdText(spec.id), spec.id)
    place?.host.start(spec, target)
  }

  setTargetState(id: ConnectorTaskId, target: TaskTargetState): void {
    this.#placeOf(id)?.host.setTargetState(id, target)
  }

  silentSince(id: ConnectorTaskId): number | null {
    return this.#placeOf(id)?.host.silentSince(id) ?? null
  }

  async stop(ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    const stopIn = async ({ host, tasks }: Place) => {
      const its = ids.filter((id) => tasks.has(taskIdText(id)))
      if (its.length > 0) await host.stop(its, timeoutMs)
      for (const id of its) tasks.delete(taskIdText(id))
    }
    await Promise.all(this.#places.map(stopIn))
  }

  #emptiest(): Place | undefined {
    const fewest = Math.min(...this.#places.map(({ tasks }) => tasks.size))
    return this.#places.find(({ tasks }) => tasks.size === fewest)
  }

  #placeOf(id: ConnectorTaskId): Place | undefined {
    return this.#places.find(({ tasks }) => tasks.has(taskIdText(id)))
  }
}

function prefers({ tasks, first }: Place, { connector }: ConnectorTaskId): boolean {
  return tasks.size < first && !Array.from(tasks.values()).some((task) => task.connector === connector)
}
