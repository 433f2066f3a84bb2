import type { JsonValue, StateKind } from '../../../src/broker/state/state-store.ts'
import { OwnedState } from './owned-state.ts'

/** A store in memory that a test can read, hold and break; a second broker on it finds what the first has left. */
export class RecordingStateStore extends OwnedState {
  readonly entries = new Map<string, JsonValue>()
  failure: Error | null = null
  #held: Promise<void> = Promise.resolve()

  protected read(kind: StateKind): Iterable<readonly [string, JsonValue]> {
    const prefix = `${kind}/`
    return Array.from(this.entries)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value] as const)
  }

  async set(kind: StateKind, key: string, value: JsonValue): Promise<void> {
    if (this.failure !== null) throw this.failure
    await this.#held
    const copy = JSON.parse(JSON.stringify(value)) as JsonValue
    if (copy === null) this.entries.delete(`${kind}/${key}`)
    else this.entries.set(`${kind}/${key}`, copy)
  }

  /** Nothing is written until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    return resolve
  }
}
