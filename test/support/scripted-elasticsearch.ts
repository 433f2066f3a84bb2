import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { errorBody } from './fake-elasticsearch/faults.ts'

/** One answer of a rule. `items`: the error of each item of a bulk answer, null for success. */
export interface ScriptedAnswer {
  readonly status?: number
  readonly body?: unknown
  readonly text?: string
  readonly items?: readonly ({ readonly status: number; readonly error: unknown } | null)[]
  readonly action?: 'close' | 'reset' | 'truncate' | 'hang'
  readonly delayMs?: number
  readonly headers?: Readonly<Record<string, string | null>>
}

/** Each answer is used once, then, unless `repeatLast`, the ordinary answer. `match` is a pattern for method and path with query. */
export interface ScriptRule {
  readonly match: string
  readonly answers: readonly ScriptedAnswer[]
  readonly repeatLast?: boolean
}

export interface ScriptedExchange {
  readonly method: string
  /** With its query. */
  readonly path: string
  /** Null: no answer. */
  status: number | null
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

/** A server that answers by rules, as the one by which the cases of es-errors were recorded; what no rule says is answered well. */
export class ScriptedElasticsearch {
  readonly exchanges: ScriptedExchange[] = []
  readonly #rules: readonly { readonly match: RegExp; readonly rest: ScriptedAnswer[]; readonly repeatLast: boolean }[]
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response))

  private constructor(rules: readonly ScriptRule[]) {
    this.#rules = rules.map(({ match, answers, repeatLast }) => ({
      match: new RegExp(`^(?:${match})$`),
      rest: [...answers],
      repeatLast: repeatLast === true,
    }))
  }

  static async start(rules: readonly ScriptRule[] = []): Promise<ScriptedElasticsearch> {
    const scripted = new ScriptedElasticsearch(rules)
    scripted.#server.listen(0, '127.0.0.1')
    await once(scripted.#server, 'listening')
    return scripted
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get bulks(): ScriptedExchange[] {
    return this.exchanges.filter(({ path }) => path.startsWith('/_bulk'))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => null)
    if (body === null) return
    const { method = '', url: path = '', headers } = request
    const exchange: ScriptedExchange = { method, path, status: null, body: body.toString(), headers }
    this.exchanges.push(exchange)
    const answer = this.#answerTo(`${method} ${path}`)
    if (answer?.delayMs !== undefined) await delay(answer.delayMs)
    if (answer?.action !== undefined) return act(answer.action, response)
    exchange.status = answer?.status ?? 200
    const text = answer?.text ?? bodyText(answer, exchange)
    const hasProduct = answer?.headers?.['X-elastic-product'] !== null
    const product = hasProduct ? { 'X-elastic-product': 'Elasticsearch' } : {}
    const own = Object.fromEntries(Object.entries(answer?.headers ?? {}).filter((entry): entry is [string, string] => entry[1] !== null))
    response.writeHead(exchange.status, { 'content-type': 'application/json', ...product, ...own })
    response.end(method === 'HEAD' ? '' : text)
  }

  #answerTo(request: string): ScriptedAnswer | undefined {
    const rule = this.#rules.find(({ match, rest }) => match.test(request) && rest.length > 0)
    if (rule === undefined) return undefined
    return rule.repeatLast && rule.rest.length === 1 ? rule.rest[0] : rule.rest.shift()
  }
}

function act(action: 'close' | 'reset' | 'truncate' | 'hang', response: ServerResponse): void {
  if (action === 'hang') return
  if (action === 'close') response.socket?.end()
  else if (action === 'reset') response.socket?.resetAndDestroy()
  else {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 164 })
    response.write('{"errors":false,"items":[')
    setImmediate(() => response.destroy())
  }
}

function bodyText(answer: ScriptedAnswer | undefined, { method, path, body }: ScriptedExchange): string {
  if (answer?.items === undefined && answer?.body !== undefined) return answer.body === null ? '' : JSON.stringify(answer.body)
  if (path.startsWith('/_bulk')) return JSON.stringify(bulkBody(body, answer?.items ?? []))
  if (path.includes('/_mapping') && method === 'GET') return JSON.stringify({ [path.split('/')[1] ?? '']: { mappings: {} } })
  if (path === '/') return JSON.stringify({ version: { number: '7.17.29' } })
  return JSON.stringify((answer?.status ?? 200) < 400 ? { acknowledged: true } : errorBody(answer?.status ?? 500, 'x', 'y'))
}

function bulkBody(body: string, faults: NonNullable<ScriptedAnswer['items']>): unknown {
  const actions = body.split('\n').filter((line) => /^\{"(index|create|update|delete)":\{"_index"/.test(line))
  const items = actions.map((line, index) => {
    const [action = 'index'] = Object.keys(JSON.parse(line) as object)
    return { [action]: faults[index] ?? { status: 201 } }
  })
  return { took: 0, errors: faults.some((fault) => fault !== null), items }
}
