import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectException, RetriableException, type Logger, type Schema } from 'standpipe/api'
import { retryDelayMs, type RetryBackoff } from '../bulk/retry-backoff.ts'
import { absentResource } from '../config/external-resources.ts'
import { inferMapping } from '../mapping/mapping.ts'
import type { Target } from '../naming/target.ts'
import type { ElasticsearchClient } from './elasticsearch-client.ts'
import { RequestFailure } from './request-failure.ts'

export interface TargetResourcesParts {
  readonly client: Pick<ElasticsearchClient, 'exists' | 'createIndex' | 'createDataStream' | 'hasMapping' | 'putMapping'>
  readonly backoff: RetryBackoff
  /** Infinity: the user set no limit. */
  readonly maxRetries: number
  /** Ends waits between attempts. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/**
 * Sees to it that indices and data streams are there, with a mapping where schemas are used, before the first document comes.
 * Each is asked for once. What another task made in the meantime is as good as made here.
 */
export class TargetResources {
  readonly #parts: TargetResourcesParts
  readonly #there = new Map<string, Target>()
  /** With the schema their mapping was made from, or would have been. */
  readonly #mapped = new Map<string, Schema | null>()

  constructor(parts: TargetResourcesParts) {
    this.#parts = parts
  }

  /** Whether nothing is left to do for documents to this name. Asked for every record. */
  isReady(name: string, needsMapping: boolean): boolean {
    return needsMapping ? this.#mapped.has(name) : this.#there.has(name)
  }

  /**
   * @param schema that the mapping is made from; undefined: the server finds out the mapping
   * @throws DataException when no mapping can be made from the schema
   * @throws RetriableException when the server is in trouble and no limit of retries is set
   * @throws ConnectException when the server refuses, or an external resource is not there
   */
  async prepare(target: Target, schema: Schema | null | undefined): Promise<void> {
    if (!this.#there.has(target.name)) {
      if (!(await this.#exists(target))) await this.#make(target)
      this.#there.set(target.name, target)
    }
    if (schema === undefined || this.#mapped.has(target.name)) return
    if (!(await this.#hasMapping(target.name))) await this.#createMapping(target.name, schema)
    this.#mapped.set(target.name, schema)
  }

  /** The server says that there is no such index any more. */
  async recreate(name: string): Promise<void> {
    const target = this.#there.get(name)
    if (target === undefined) throw new ConnectException(`Index ${name} is gone, and no record of this task goes there`)
    this.#parts.log.warn(`${describe(target)} is gone`)
    await this.#make(target)
    const schema = this.#mapped.get(name)
    if (schema !== undefined && !(await this.#hasMapping(name))) await this.#createMapping(name, schema)
  }

  /** Where asking is forbidden, writing will tell. Java does not ask for external resources, and has the server make an index in the place of one that is absent. */
  async #exists(target: Target): Promise<boolean> {
    return await this.#attempt(`check if index ${target.name} exists`, () => this.#parts.client.exists(target.name), true)
  }

  /** @throws ConnectException for an external resource, which is not ours to make */
  async #make(target: Target): Promise<void> {
    if (target.isExternal) throw absentResource(target.isDataStream ? 'datastream' : 'index', target.name)
    const { client, log } = this.#parts
    const isNew = await this.#attempt(`create ${describe(target)}`, async () => {
      try {
        await (target.isDataStream ? client.createDataStream(target.name) : client.createIndex(target.name))
        return true
      } catch (error) {
        if (error instanceof RequestFailure && error.serverError?.type === 'resource_already_exists_exception') return false
        throw error
      }
    })
    if (isNew) log.info(`Created ${describe(target)}`)
  }

  async #hasMapping(name: string): Promise<boolean> {
    return await this.#attempt(`get mapping for index ${name}`, () => this.#parts.client.hasMapping(name), true)
  }

  async #createMapping(name: string, schema: Schema | null): Promise<void> {
    const mapping = inferMapping(schema)
    const what = `create mapping for resource ${name} with schema ${String(schema)}`
    await this.#attempt(what, () => this.#parts.client.putMapping(name, mapping))
  }

  /** @param ifForbidden what to go on with where the server does not let us ask; absent: that is a failure */
  async #attempt<T>(what: string, call: () => Promise<T>, ifForbidden?: T): Promise<T> {
    const { maxRetries, backoff, signal, log } = this.#parts
    for (let attempts = 1; ; attempts++) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof RequestFailure)) throw error
        if (error.status === 403 && ifForbidden !== undefined) {
          log.warn(`Going on without the right to ${what}: ${error.message}`)
          return ifForbidden
        }
        if (error.isPassing && maxRetries === Number.POSITIVE_INFINITY)
          throw new RetriableException(`Failed to ${what}: ${error.message}`, { cause: error })
        if (!error.isPassing || attempts > maxRetries) {
          throw new ConnectException(`Failed to ${what} due to '${error.javaText}' after ${attempts} attempt(s)`, { cause: error })
        }
      }
      await sleep(retryDelayMs(backoff, attempts), undefined, { signal })
    }
  }
}

function describe(target: Target): string {
  return `${target.isDataStream ? 'data stream' : 'index'} ${target.name}`
}
