import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { TlsOptions } from 'node:tls'
import { gunzipSync, gzipSync } from 'node:zlib'
import { FakeCluster, refused, type Answer, type Flavour } from './cluster.ts'
import type { StoredDocument } from './fake-index.ts'
import { hang, isBulk, type Fault, type FaultSource, type SeenRequest } from './faults.ts'
import { filterPath } from './filter-path.ts'
import { route } from './routes.ts'

export interface FakeOptions {
  /** Default: Elasticsearch 8.19.9. */
  readonly flavour?: Flavour
  /** False: answers lack `X-Elastic-Product`, as of servers before 7.14 and of other makers. OpenSearch never sends it. */
  readonly sendsProduct?: boolean
  /** Requests without this `Authorization` get 401. */
  readonly authorization?: string
  /** Bodies beyond it, decompressed, get 413. */
  readonly maxContentLength?: number
  readonly tls?: TlsOptions
}

/**
 * A search server in this process that behaves: indices, mappings that refuse, versions, data streams; and that fails on request.
 * It is for what real servers of the tests cannot do or cannot be made to do; never for what they can show themselves.
 */
export class FakeElasticsearch {
  readonly cluster: FakeCluster
  /** Every request so far, refused ones too. */
  readonly requests: SeenRequest[] = []
  /** Set it at any time; asked once a request. */
  faults: FaultSource = () => null
  /** The most bulk requests that were being answered at one time. */
  mostConcurrentBulks = 0
  readonly #options: FakeOptions
  readonly #server: Server
  #concurrentBulks = 0
  #released = Promise.withResolvers<void>()

  private constructor(options: FakeOptions) {
    this.#options = options
    this.cluster = new FakeCluster(options.flavour ?? { distribution: 'elasticsearch', version: '8.19.9' })
    const answer = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response)
    this.#server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer)
  }

  static async start(options: FakeOptions = {}): Promise<FakeElasticsearch> {
    const fake = new FakeElasticsearch(options)
    fake.#server.listen(0, '127.0.0.1')
    await once(fake.#server, 'listening')
    return fake
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${this.address}`
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get bulkRequests(): SeenRequest[] {
    return this.requests.filter(isBulk)
  }

  /** Lines of all bulk bodies in the order of their arrival. */
  get bulkLines(): string[] {
    return this.bulkRequests.flatMap(({ body }) => body.split('\n').slice(0, -1))
  }

  documents(index: string): ReadonlyMap<string, StoredDocument> {
    return this.cluster.find(index)?.documents ?? new Map<string, StoredDocument>()
  }

  /** Requests that hang, or are about to, get their answers. */
  release(): void {
    this.#released.resolve()
    this.#released = Promise.withResolvers<void>()
  }

  async stop(): Promise<void> {
    this.release()
    this.#server.closeAllConnections()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await readRequest(request).catch(() => null)
    if (seen === null) return void request.destroy() // the client has gone, or sent what cannot be decompressed
    this.requests.push(seen)
    const fault = this.faults(seen)
    const bulk = isBulk(seen)
    if (bulk) this.mostConcurrentBulks = Math.max(this.mostConcurrentBulks, ++this.#concurrentBulks)
    try {
      await this.#answer(seen, fault, response)
    } finally {
      if (bulk) this.#concurrentBulks--
    }
  }

  async #answer(seen: SeenRequest, fault: Fault | null, response: ServerResponse): Promise<void> {
    const released = this.#released.promise
    if (fault?.kind === 'status') return this.#send(seen, response, { status: fault.status, body: fault.body }, fault.headers)
    if (fault?.kind === 'reset' && !fault.done) return void response.destroy()
    if (fault?.kind === 'hang' && !fault.done) await hang(released, fault.ms)
    const answer = this.#refusal(seen) ?? route(this.cluster, seen, fault?.kind === 'items' ? fault.outcomeOf : () => null)
    if (fault?.kind === 'reset') return void response.destroy()
    if (fault?.kind === 'hang' && fault.done) await hang(released, fault.ms)
    if (fault?.kind === 'slow') await delay(fault.ms)
    if (fault?.kind === 'answer') return void response.writeHead(200, this.#headers()).end(fault.text)
    this.#send(seen, response, answer)
  }

  /** What every API asks of a request before it looks at it. */
  #refusal(seen: SeenRequest): Answer | null {
    const { authorization, maxContentLength } = this.#options
    if (authorization !== undefined && seen.headers.authorization !== authorization)
      return refused(401, 'security_exception', `missing authentication credentials for REST request [${seen.path}]`)
    if (maxContentLength !== undefined && Buffer.byteLength(seen.body) > maxContentLength) return { status: 413 }
    return this.#mediaTypeRefusal(seen)
  }

  /** A client of another major version is refused, and any vendor's type is by OpenSearch. */
  #mediaTypeRefusal({ headers }: SeenRequest): Answer | null {
    const types = [headers['content-type'], headers.accept].map(String).filter((type) => type.includes('application/vnd.elasticsearch'))
    const { distribution, version } = this.cluster.flavour
    const major = Number.parseInt(version)
    const wanted = types.map((type) => Number(/compatible-with=(\d+)/.exec(type)?.[1]))
    if (wanted.every((compatible) => distribution === 'elasticsearch' && (compatible === major || compatible === major - 1))) return null
    return refused(400, 'media_type_header_exception', `Invalid media-type value on headers [Accept, Content-Type]: ${types.join(', ')}`)
  }

  #headers(): Record<string, string> {
    const isElastic = this.cluster.flavour.distribution === 'elasticsearch' && this.#options.sendsProduct !== false
    return { 'content-type': 'application/json', ...(isElastic ? { 'X-elastic-product': 'Elasticsearch' } : {}) }
  }

  #send(seen: SeenRequest, response: ServerResponse, { status, body }: Answer, headers: Readonly<Record<string, string>> = {}): void {
    const filter = seen.query.get('filter_path')
    const text = body === undefined ? '' : JSON.stringify(filter === null || status >= 400 ? body : filterPath(body, filter))
    const zipped = String(seen.headers['accept-encoding'] ?? '').includes('gzip') && text.length > 0
    response.writeHead(status, { ...this.#headers(), ...(zipped ? { 'content-encoding': 'gzip' } : {}), ...headers })
    response.end(seen.method === 'HEAD' ? '' : zipped ? gzipSync(text) : text)
  }
}

async function readRequest(request: IncomingMessage): Promise<SeenRequest> {
  const raw = await buffer(request)
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
  const url = new URL(request.url ?? '/', 'http://fake')
  return { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: body.toString() }
}
