import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const NEWLINE = 10
const PRODUCT = { 'content-type': 'application/json', 'X-elastic-product': 'Elasticsearch' }

/** A server that counts the documents of index operations and keeps nothing, for tests with more of them than a test can hold. */
export class NullElasticsearch {
  /** Documents of all requests answered. */
  documents = 0
  /** Bytes of the documents that wait for an answer. */
  heldBytes = 0
  readonly #server: Server
  #released: PromiseWithResolvers<void> | null = null

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<NullElasticsearch> {
    const server = new NullElasticsearch()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** No bulk request is answered from now on. */
  hold(): void {
    this.#released = Promise.withResolvers<void>()
  }

  /** All are answered again, those that wait first. */
  release(): void {
    this.#released?.resolve()
    this.#released = null
  }

  async stop(): Promise<void> {
    this.release()
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { lines, bytes } = await sizeOf(request)
    if (request.method !== 'POST') return void response.writeHead(200, PRODUCT).end(request.method === 'HEAD' ? '' : '{}')
    this.heldBytes += bytes
    await this.#released?.promise
    this.heldBytes -= bytes
    const documents = lines / 2
    this.documents += documents
    const items = Array.from({ length: documents }, () => '{"index":{"status":201}}')
    response.writeHead(200, PRODUCT).end(`{"errors":false,"items":[${items.join(',')}]}`)
  }
}

async function sizeOf(request: IncomingMessage): Promise<{ readonly lines: number; readonly bytes: number }> {
  let lines = 0
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++
  }
  return { lines, bytes }
}
