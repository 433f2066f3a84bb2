import type { Logger } from '../api/logger.ts'
import type { KafkaClients } from '../kafka/ports.ts'
import type { OffsetBackingStore } from '../offsets/offset-backing-store.ts'
import type { Plugins } from './plugins.ts'
import type { TaskControl } from './task-control.ts'
import type { TaskSpec } from './task-host.ts'

/** What tasks of one thread share. */
export interface TaskEnvironment {
  readonly plugins: Plugins
  readonly kafka: KafkaClients
  readonly offsetStore: OffsetBackingStore
}

/** What the loop of one task is made from. */
export interface TaskParts extends TaskEnvironment {
  readonly spec: TaskSpec
  readonly control: TaskControl
  readonly log: Logger
}

/** Clients and reporters opened while a task is made: closed again when a later step fails, so that a failed task leaves no socket behind. */
export class OpenedResources {
  readonly #opened: { close(): Promise<void> }[] = []

  add<R extends { close(): Promise<void> }>(resource: R): R {
    this.#opened.push(resource)
    return resource
  }

  /** @throws what `make` throws, after everything it opened was closed */
  static async guard<T>(make: (resources: OpenedResources) => Promise<T>): Promise<T> {
    const resources = new OpenedResources()
    try {
      return await make(resources)
    } catch (error) {
      await Promise.allSettled(resources.#opened.map((resource) => resource.close()))
      throw error
    }
  }
}
