import type { Clock } from '../clock.ts'
import type { StateStore } from '../state/state-store.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import { Group } from './group.ts'
import { groupFromRecord, groupRecord } from './group-record.ts'

/** All groups, in memory and in the state store. */
export class Groups {
  readonly #state: StateStore
  readonly #clock: Clock
  readonly #groups = new Map<string, Group>()

  constructor(state: StateStore, clock: Clock) {
    this.#state = state
    this.#clock = clock
    for (const [id, record] of state.load('group')) this.#groups.set(id, groupFromRecord(id, record))
  }

  all(): Iterable<Group> {
    return this.#groups.values()
  }

  find(id: string): Group | null {
    return this.#groups.get(id) ?? null
  }

  /** @throws ApiError GROUP_ID_NOT_FOUND */
  get(id: string): Group {
    const group = this.#groups.get(id)
    if (group === undefined) throw new ApiError(Errors.GROUP_ID_NOT_FOUND, `Group ${id} not found.`)
    return group
  }

  /** @throws ApiError UNKNOWN_MEMBER_ID: there is no such group, so there is no such member */
  ofMember(id: string): Group {
    const group = this.#groups.get(id)
    if (group === undefined) throw new ApiError(Errors.UNKNOWN_MEMBER_ID, `Group ${id} not found.`)
    return group
  }

  getOrCreate(id: string): Group {
    let group = this.#groups.get(id)
    if (group === undefined) this.#groups.set(id, (group = new Group(id, this.#clock.now())))
    return group
  }

  /** Keeps the group's present generation. @throws what the state store throws */
  save(group: Group, assignments: ReadonlyMap<string, Buffer>): Promise<void> {
    return this.#state.set('group', group.id, groupRecord(group, assignments))
  }

  /** @throws what the state store throws */
  delete(group: Group): Promise<void> {
    group.cancelTimers()
    this.#groups.delete(group.id)
    return this.#state.set('group', group.id, null)
  }
}
