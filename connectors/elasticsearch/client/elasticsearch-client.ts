import { Client, errors, type ClientOptions } from '@elastic/elasticsearch'
import { bulkFilterPath, isObject, parsedJson, readBulkAnswer, type ItemError } from '../bulk/bulk-answer.ts'
import type { ConnectionSettings } from '../config/settings.ts'
import { clientOptions } from './client-options.ts'
import { failureOfAnswer, failureOfStatus, failureWithoutAnswer, type RequestPlace } from './failure-of.ts'
import { RequestFailure } from './request-failure.ts'

type Method = 'GET' | 'HEAD' | 'PUT' | 'POST'

interface Answer {
  readonly status: number
  readonly text: string
}

interface Call {
  readonly method: Method
  readonly path: string
  readonly querystring?: string
  /** What messages show of the query; absent: all of it. */
  readonly shownQuery?: string
  readonly body?: string
  readonly bulkBody?: Buffer
  readonly signal?: AbortSignal
}

/** What a server says about itself on `GET /`. */
export interface ServerInfo {
  /** Such as `8.19.9`; empty: it does not say. */
  readonly version: string
  readonly isOpenSearch: boolean
}

/**
 * The requests that the sink makes, against Elasticsearch 7.17 to 9 and OpenSearch alike. Every failure is a RequestFailure;
 * a request is made once per node at most, and who retries is the caller.
 */
export class ElasticsearchClient {
  readonly #client: Client
  readonly #firstHost: string
  readonly #readTimeoutMs: number
  /** Null: it was told. */
  #onOtherProduct: ((host: string) => void) | null

  private constructor(options: ClientOptions, settings: ConnectionSettings, onOtherProduct: ((host: string) => void) | null) {
    this.#client = new Client(options)
    this.#firstHost = originOf(settings.nodes[0]?.url ?? '')
    this.#readTimeoutMs = settings.readTimeoutMs
    this.#onOtherProduct = onOtherProduct
  }

  /**
   * Connects at the first request.
   * @param onOtherProduct called once, when a server answers that does not call itself Elasticsearch, as those since 7.14 do
   * @throws ConfigException for a key store that cannot be read
   */
  static async open(settings: ConnectionSettings, onOtherProduct?: (host: string) => void): Promise<ElasticsearchClient> {
    return new ElasticsearchClient(await clientOptions(settings), settings, onOtherProduct ?? null)
  }

  /**
   * @param body NDJSON, `count` operations
   * @returns the operations that were refused
   */
  async bulk(body: Buffer, count: number, signal?: AbortSignal): Promise<readonly ItemError[]> {
    const call = {
      method: 'POST',
      path: '/_bulk',
      querystring: `timeout=1m&filter_path=${bulkFilterPath}`,
      shownQuery: 'timeout=1m',
      bulkBody: body,
      ...(signal === undefined ? {} : { signal }),
    } as const
    const { text } = await this.#request(call)
    const refused = readBulkAnswer(text, count)
    if (refused === null) throw failureOfAnswer(`the answer is not one to ${count} operations`, this.#place(call))
    return refused
  }

  /** Whether there is an index, alias or data stream of this name. */
  async exists(name: string): Promise<boolean> {
    const { status } = await this.#request({ method: 'HEAD', path: pathOf(name) })
    return status < 300
  }

  async createIndex(name: string): Promise<void> {
    const querystring = 'master_timeout=30s&timeout=30s'
    await this.#request({ method: 'PUT', path: pathOf(name), querystring, body: '{"settings":{},"aliases":{}}' })
  }

  async createDataStream(name: string): Promise<void> {
    await this.#request({ method: 'PUT', path: `/_data_stream${pathOf(name)}` })
  }

  /** Whether exactly this index has a mapping, even one without fields; behind an alias there is none to see. */
  async hasMapping(name: string): Promise<boolean> {
    const { text } = await this.#request({ method: 'GET', path: `${pathOf(name)}/_mapping`, querystring: 'master_timeout=30s' })
    const answer = parsedJson(text)
    const entry = isObject(answer) && Object.hasOwn(answer, name) ? answer[name] : null
    const mappings = isObject(entry) ? entry['mappings'] : null
    return isObject(mappings) && Object.keys(mappings).length > 0
  }

  /** @param mapping JSON text */
  async putMapping(name: string, mapping: string): Promise<void> {
    await this.#request({ method: 'PUT', path: `${pathOf(name)}/_mapping`, querystring: 'master_timeout=30s&timeout=30s', body: mapping })
  }

  /** `GET /`; a server that has no such page, as those of test distributions, says nothing of itself. */
  async info(): Promise<ServerInfo> {
    const answer = await this.#unlessMissing({ method: 'GET', path: '/' })
    const said = answer === null ? null : parsedJson(answer.text)
    const version = isObject(said) && isObject(said['version']) ? said['version'] : {}
    return {
      version: typeof version['number'] === 'string' ? version['number'] : '',
      isOpenSearch: version['distribution'] === 'opensearch',
    }
  }

  /** `HEAD /`. @returns false: the server says there is nothing */
  async ping(): Promise<boolean> {
    const answer = await this.#unlessMissing({ method: 'HEAD', path: '/' })
    return answer === null || answer.status < 300
  }

  /** Ends the connections, idle or not. */
  async close(): Promise<void> {
    await this.#client.close()
  }

  /** Null: the server answers, but does not know the method there. */
  async #unlessMissing(call: Call): Promise<Answer | null> {
    try {
      return await this.#request(call)
    } catch (error) {
      if (error instanceof RequestFailure && error.status === 405) return null
      throw error
    }
  }

  async #request(call: Call): Promise<Answer> {
    const { method, path, querystring, body, bulkBody, signal } = call
    const params = {
      method,
      path,
      ...(querystring === undefined ? {} : { querystring }),
      ...(body === undefined ? {} : { body }),
      ...(bulkBody === undefined ? {} : { bulkBody }),
    }
    const headers = body === undefined ? {} : { headers: { 'content-type': 'application/json', accept: 'application/json' } }
    try {
      const options = { meta: true, ...headers, ...(signal === undefined ? {} : { signal }) } as const
      const { statusCode, headers: answered, body: text, meta } = await this.#client.transport.request<unknown>(params, options)
      if (this.#onOtherProduct !== null) this.#lookAtProduct(answered ?? {}, meta.connection?.url)
      return { status: statusCode ?? 0, text: typeof text === 'string' ? text : '' }
    } catch (error) {
      throw this.#failure(error, call)
    }
  }

  #lookAtProduct(headers: Readonly<Record<string, unknown>>, url: URL | undefined): void {
    if (headers['x-elastic-product'] === 'Elasticsearch') return
    const tell = this.#onOtherProduct
    this.#onOtherProduct = null
    tell?.(url?.origin ?? this.#firstHost)
  }

  #failure(error: unknown, call: Call): unknown {
    if (error instanceof errors.ResponseError) {
      const { statusCode, headers, body } = error.meta
      return failureOfStatus(statusCode ?? 0, headers ?? {}, typeof body === 'string' ? body : '', this.#place(call, error))
    }
    return error instanceof Error ? failureWithoutAnswer(error, this.#place(call, error)) : error
  }

  #place({ method, path, querystring, shownQuery }: Call, error?: Error): RequestPlace {
    const query = shownQuery ?? querystring
    const used = error instanceof errors.ElasticsearchClientError ? usedUrl(error) : null
    return {
      method,
      path: query === undefined ? path : `${path}?${query}`,
      host: used ?? this.#firstHost,
      readTimeoutMs: this.#readTimeoutMs,
    }
  }
}

function usedUrl(error: Error): string | null {
  const url =
    error instanceof errors.ConnectionError || error instanceof errors.TimeoutError || error instanceof errors.ResponseError
      ? error.meta?.meta.connection?.url
      : undefined
  return url === undefined ? null : originOf(url.href)
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url
}

function pathOf(name: string): string {
  return `/${encodeURIComponent(name)}`
}
