import { type ConnectorTaskId, taskIdText } from './connector-task-id.ts'
import type { TaskTargetState } from './state.ts'
import type { TaskHost, TaskSpec } from './task-host.ts'

export interface BalancedTaskHostParts {
  readonly hosts: readonly TaskHost[]
  /** One more host, and how many tasks go there before any other gets one; absent: all hosts are alike. */
  readonly preferred?: { readonly host: TaskHost; readonly tasks: number }
  /** Makes a host for a single task. */
  readonly newHost: () => TaskHost
}

interface Place {
  readonly host: TaskHost
  readonly tasks: Map<string, ConnectorTaskId>
  /** Takes so many tasks, each of another connector, before any other place gets one. */
  readonly first: number
  /** Of a task that is kept apart; goes with it. */
  readonly isForOne: boolean
}

/**
 * Spreads tasks over several hosts: each task goes where the fewest are, the first of equals. It stays there until it is stopped.
 * A host that is preferred is filled first; a second task of one connector is there to use another core, and goes elsewhere.
 * Tasks that failed with their thread start again in hosts of their own: one of them may have ended it and may do it again.
 */
export class BalancedTaskHost implements TaskHost {
  #places: readonly Place[]
  readonly #newHost: () => TaskHost
  /** Tasks that failed with their thread when they ran last. */
  readonly #apart = new Set<string>()

  constructor({ hosts, preferred, newHost }: BalancedTaskHostParts) {
    const first = preferred === undefined ? [] : [newPlace(preferred.host, { first: preferred.tasks })]
    this.#places = [...first, ...hosts.map((host) => newPlace(host))]
    this.#newHost = newHost
  }

  start(spec: TaskSpec, target: TaskTargetState): void {
    const place = this.#placeFor(spec.id)
    place.tasks.set(taskIdText(spec.id), spec.id)
    place.host.start(spec, target)
  }

  setTargetState(id: ConnectorTaskId, target: TaskTargetState): void {
    this.#placeOf(id)?.host.setTargetState(id, target)
  }

  silentSince(id: ConnectorTaskId): number | null {
    return this.#placeOf(id)?.host.silentSince(id) ?? null
  }

  lostThread(id: ConnectorTaskId): boolean {
    return this.#placeOf(id)?.host.lostThread(id) ?? false
  }

  async stop(ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    const byPlace = Map.groupBy(ids, (id) => this.#placeOf(id))
    await Promise.all(Array.from(byPlace, ([place, its]) => this.#stopIn(place, its, timeoutMs)))
    this.#places = this.#places.filter(({ isForOne, tasks }) => !isForOne || tasks.size > 0)
  }

  /** @param place undefined: these tasks were never started */
  async #stopIn(place: Place | undefined, ids: readonly ConnectorTaskId[], timeoutMs: number): Promise<void> {
    if (place === undefined) return
    for (const id of ids) {
      if (place.host.lostThread(id)) this.#apart.add(taskIdText(id))
      else this.#apart.delete(taskIdText(id))
    }
    await place.host.stop(ids, timeoutMs)
    for (const id of ids) place.tasks.delete(taskIdText(id))
  }

  #placeFor(id: ConnectorTaskId): Place {
    if (this.#apart.has(taskIdText(id))) return this.#addPlaceForOne()
    const shared = this.#places.filter(({ isForOne }) => !isForOne)
    const preferred = shared.find((place) => prefers(place, id))
    const fewest = Math.min(...shared.map(({ tasks }) => tasks.size))
    return preferred ?? shared.find(({ tasks }) => tasks.size === fewest) ?? this.#addPlaceForOne()
  }

  #addPlaceForOne(): Place {
    const place = newPlace(this.#newHost(), { isForOne: true })
    this.#places = [...this.#places, place]
    return place
  }

  #placeOf(id: ConnectorTaskId): Place | undefined {
    return this.#places.find(({ tasks }) => tasks.has(taskIdText(id)))
  }
}

function newPlace(host: TaskHost, { first = 0, isForOne = false }: { readonly first?: number; readonly isForOne?: boolean } = {}): Place {
  return { host, tasks: new Map(), first, isForOne }
}

function prefers({ tasks, first }: Place, { connector }: ConnectorTaskId): boolean {
  return tasks.size < first && !Array.from(tasks.values()).some((task) => task.connector === connector)
}
