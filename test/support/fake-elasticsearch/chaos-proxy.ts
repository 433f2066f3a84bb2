import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { parseBulkBody, type BulkLine } from './bulk-request.ts'
import { hang, isBulk, type Fault, type FaultSource, type ItemFault, type SeenRequest } from './faults.ts'
import { filterPath } from './filter-path.ts'

interface Forwarded {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/**
 * Stands before a server, sees every request, and makes it fail in ways it cannot be made to fail; what is let through is answered by
 * the server.
 */
export class ChaosProxy {
  /** Set it at any time; asked once a request. */
  faults: FaultSource = () => null
  /** Every request so far, unless `keepsRequests` is false. */
  readonly requests: SeenRequest[] = []
  keepsRequests = true
  /** Why connections were broken off without being told to. */
  readonly failures: unknown[] = []
  /** Operations of bulk requests that the server has answered. */
  operations = 0
  /** The most bulk requests that were under way at one time. */
  mostConcurrentBulks = 0
  readonly #target: URL
  readonly #server: Server
  #concurrentBulks = 0
  #released = Promise.withResolvers<void>()
  /** How often each kind of fault was done, for the report of a test. */
  readonly faultCounts: Record<string, number> = {}

  private constructor(target: string) {
    this.#target = new URL(target)
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(target: string): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get bulkRequests(): SeenRequest[] {
    return this.requests.filter(isBulk)
  }

  /** Lines of all bulk bodies in the order of their arrival. */
  get bulkLines(): string[] {
    return this.bulkRequests.flatMap(({ body }) => body.split('\n').slice(0, -1))
  }

  /** Requests that hang, or are about to, go on. */
  release(): void {
    this.#released.resolve()
    this.#released = Promise.withResolvers<void>()
  }

  async stop(): Promise<void> {
    this.release()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let counted = 0
    try {
      const raw = await buffer(request)
      const seen = seenRequest(request, raw)
      if (this.keepsRequests) this.requests.push(seen)
      if (isBulk(seen)) this.#concurrentBulks += counted = 1
      this.mostConcurrentBulks = Math.max(this.mostConcurrentBulks, this.#concurrentBulks)
      await this.#answer(seen, raw, request, response)
    } catch (error) {
      this.failures.push(error)
      response.destroy() // the client has gone, or the server has been killed: for the client the connection breaks
    } finally {
      this.#concurrentBulks -= counted
    }
  }

  async #answer(seen: SeenRequest, raw: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.faults(seen)
    const released = this.#released.promise
    if (fault !== null) this.#count(fault)
    if (fault?.kind === 'status') return void response.writeHead(fault.status, jsonHeaders(fault)).end(JSON.stringify(fault.body ?? {}))
    if (fault?.kind === 'reset' && !fault.done) return void response.destroy()
    if (fault?.kind === 'hang' && !fault.done) await hang(released, fault.ms)
    if (fault?.kind === 'items') return this.#answerInPart(seen, request, response, fault.outcomeOf)
    const answer = await this.#forward(request, raw, request.headers)
    if (isBulk(seen) && answer.status === 200) this.operations += parseBulkBody(seen.body).length
    if (fault?.kind === 'reset') return void response.destroy()
    if (fault?.kind === 'hang' && fault.done) await hang(released, fault.ms)
    if (fault?.kind === 'slow') await delay(fault.ms)
    response.writeHead(answer.status, answer.headers)
    response.end(fault?.kind === 'answer' ? fault.text : answer.body)
  }

  /** The server gets the operations that go through; the others are answered here, each in its place. */
  async #answerInPart(
    seen: SeenRequest,
    request: IncomingMessage,
    response: ServerResponse,
    outcomeOf: (position: number, id: string | undefined) => ItemFault | null,
  ): Promise<void> {
    const operations = parseBulkBody(seen.body)
    const faults = operations.map((operation, position) => outcomeOf(position, operation.meta._id))
    const through = operations.filter((_, position) => faults[position] === null)
    const answer = await this.#forwardOperations(request, through)
    this.operations += through.length
    if (answer === null) return void response.writeHead(200, PRODUCT).end(JSON.stringify(mergedAnswer(operations, faults, [], seen)))
    const body = JSON.parse(answer.body.toString()) as { items?: unknown[] }
    if (answer.status !== 200) return void response.writeHead(answer.status, answer.headers).end(answer.body)
    response.writeHead(200, PRODUCT).end(JSON.stringify({ ...body, ...mergedAnswer(operations, faults, body.items ?? [], seen) }))
  }

  async #forwardOperations(request: IncomingMessage, operations: readonly BulkLine[]): Promise<Forwarded | null> {
    if (operations.length === 0) return null
    const lines = operations.map(({ actionText, source }) => (source === null ? `${actionText}\n` : `${actionText}\n${source}\n`))
    const headers = { ...request.headers }
    delete headers['content-encoding']
    delete headers['accept-encoding']
    return this.#forward(request, Buffer.from(lines.join('')), headers)
  }

  async #forward(request: IncomingMessage, body: Buffer, headers: IncomingMessage['headers']): Promise<Forwarded> {
    const { connection: _client, ...rest } = headers
    const forwarded = httpRequest({
      agent: false, // a connection each: none can be closed by the server just when it is used again
      host: this.#target.hostname,
      port: this.#target.port,
      method: request.method,
      path: request.url,
      headers: { ...rest, host: this.#target.host, 'content-length': String(body.length) },
    })
    forwarded.end(body)
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage]
    const { 'transfer-encoding': _chunked, connection: _server, ...answered } = answer.headers
    return { status: answer.statusCode ?? 0, headers: answered, body: await buffer(answer) }
  }

  #count(fault: Fault): void {
    const name = fault.kind === 'status' ? String(fault.status) : fault.kind
    this.faultCounts[name] = (this.faultCounts[name] ?? 0) + 1
  }
}

const PRODUCT = { 'content-type': 'application/json', 'X-elastic-product': 'Elasticsearch' }

function jsonHeaders(fault: Fault & { kind: 'status' }): Record<string, string> {
  return { ...PRODUCT, ...fault.headers }
}

function seenRequest(request: IncomingMessage, raw: Buffer): SeenRequest {
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
  const url = new URL(request.url ?? '/', 'http://proxy')
  return { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: body.toString() }
}

/** `errors` and `items` as one server would have answered them. */
function mergedAnswer(
  operations: readonly BulkLine[],
  faults: readonly (ItemFault | null)[],
  answered: readonly unknown[],
  seen: SeenRequest,
): object {
  const rest = [...answered]
  const filter = seen.query.get('filter_path')
  const items = operations.map(({ action, meta }, position) => {
    const fault = faults[position]
    if (fault === null || fault === undefined) return rest.shift()
    const item = { [action]: { _index: meta._index, _id: meta._id, ...fault } }
    if (filter === null) return item
    return (filterPath({ items: [item] }, filter) as { items?: unknown[] }).items?.[0]
  })
  const hasErrors = faults.some((fault) => fault !== null) || answered.some(isError)
  return { errors: hasErrors, items }
}

function isError(item: unknown): boolean {
  return Object.values(item as Record<string, { status: number }>)[0]!.status >= 400
}
