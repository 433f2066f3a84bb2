import type { ScriptedCluster } from './scripted-cluster.ts'
import type { Action } from './script.ts'

/** One request being handled by one node. */
export class Exchange {
  readonly cluster: ScriptedCluster
  readonly node: number
  readonly version: number
  readonly clientId: string
  /** Aborted when the connection is gone, so that long polls end. */
  readonly signal: AbortSignal
  readonly #action: Action | null

  constructor(cluster: ScriptedCluster, node: number, version: number, clientId: string, signal: AbortSignal, action: Action | null) {
    this.cluster = cluster
    this.node = node
    this.version = version
    this.clientId = clientId
    this.signal = signal
    this.#action = action
  }

  get throttleMs(): number {
    return this.#action?.do === 'throttle' ? this.#action.ms : 0
  }

  /** The scripted error of the whole request, or 0. */
  get error(): number {
    return this.#action?.do === 'error' && this.#action.where === undefined ? this.#action.code : 0
  }

  errorOf(topic: string, partition: number): number {
    if (this.#action?.do !== 'error') return 0
    return this.#action.where?.(topic, partition) === false ? 0 : this.#action.code
  }
}
