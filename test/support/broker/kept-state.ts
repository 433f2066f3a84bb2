import type { JsonValue, StateKind } from '../../../src/broker/state/state-store.ts'
import { OwnedState } from './owned-state.ts'

/** A store that outlives the part under test, as files outlive a process; it can be made to fail, or to take its time. */
export class KeptState extends OwnedState {
  readonly #entries = new Map<string, Map<string, JsonValue>>()
  /** Every write, in order, as `kind key`. */
  readonly writes: [kind: StateKind, key: string, value: JsonValue][] = []
  /** When set, writes are refused with it. */
  failure: Error | null = null
  /** When set, writes resolve after it. */
  gate: Promise<void> | null = null

  protected read(kind: StateKind): Iterable<readonly [string, JsonValue]> {
    return [...(this.#entries.get(kind) ?? [])]
  }

  async set(kind: StateKind, key: string, value: JsonValue): Promise<void> {
    if (this.failure !== null) throw this.failure
    const entries = this.#entries.get(kind) ?? new Map<string, JsonValue>()
    this.#entries.set(kind, entries)
    // what goes to disk is text: nothing is shared with the part under test
    if (value === null) entries.delete(key)
    else entries.set(key, JSON.parse(JSON.stringify(value)) as JsonValue)
    this.writes.push([kind, key, value])
    await this.gate
  }

  /** What a process that was killed just now would leave, `writes` writes ago. */
  after(writes: number): KeptState {
    const copy = new KeptState()
    for (const [kind, key, value] of this.writes.slice(0, writes)) void copy.set(kind, key, value)
    return copy
  }
}
