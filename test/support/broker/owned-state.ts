import type { JsonValue, StateKind, StateStore } from '../../../src/broker/state/state-store.ts'

/** A store that gives every kind to one owner, as the real one does, until the next process opens it. */
export abstract class OwnedState implements StateStore {
  readonly #owned = new Set<StateKind>()

  load(kind: StateKind): Iterable<readonly [string, JsonValue]> {
    if (this.#owned.has(kind)) throw new Error(`State of kind ${kind} has an owner, who has loaded it`)
    this.#owned.add(kind)
    return this.read(kind)
  }

  /** As the next process finds it: every kind can be loaded once more. */
  reopen(): this {
    this.#owned.clear()
    return this
  }

  abstract set(kind: StateKind, key: string, value: JsonValue): Promise<void>

  protected abstract read(kind: StateKind): Iterable<readonly [string, JsonValue]>
}
