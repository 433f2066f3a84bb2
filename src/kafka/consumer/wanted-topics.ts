import type { Metadata } from '../metadata.ts'
import { compareText } from './assignor.ts'

/** What a consumer wants to read: names, or a predicate over all topics that are not internal. */
export type TopicSelection = readonly string[] | ((topic: string) => boolean)

/** The topics of a subscription, as they come and go. */
export class WantedTopics {
  readonly #metadata: Metadata
  readonly #hidesInternal: boolean
  #selection: TopicSelection = []

  /** @param hidesInternal `exclude.internal.topics` */
  constructor(metadata: Metadata, hidesInternal: boolean) {
    this.#metadata = metadata
    this.#hidesInternal = hidesInternal
  }

  /** Topics that the subscription names; none for a predicate. */
  get named(): readonly string[] {
    return typeof this.#selection === 'function' ? [] : this.#selection
  }

  select(selection: TopicSelection): void {
    this.#selection = selection
    this.#metadata.setTopics(typeof selection === 'function' ? null : new Set(selection))
  }

  /** Waits for the first metadata when a predicate needs it. Rejects as `Metadata.refresh` does. */
  async list(signal: AbortSignal): Promise<readonly string[]> {
    if (typeof this.#selection === 'function' && this.#metadata.generation === 0) await this.#metadata.refresh(signal)
    return this.#list()
  }

  /** Whether the group was told the topics that are wanted now. */
  isCurrent(joined: readonly string[]): boolean {
    const wanted = this.#list()
    return wanted.length === joined.length && wanted.every((topic, index) => topic === joined[index])
  }

  #list(): readonly string[] {
    const selection = this.#selection
    if (typeof selection !== 'function') return selection
    return this.#metadata
      .allTopics()
      .filter(({ internal, name }) => !(this.#hidesInternal && internal) && selection(name))
      .map(({ name }) => name)
      .toSorted(compareText)
  }
}
