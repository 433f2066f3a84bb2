import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Reader } from '../../../src/kafka/protocol/reader.ts'
import { Writer } from '../../../src/kafka/protocol/writer.ts'
import { apis, type ApiName } from './apis/index.ts'
import type { Api } from './apis/api.ts'
import { Exchange } from './exchange.ts'
import type { Action } from './script.ts'
import type { ScriptedCluster } from './scripted-cluster.ts'

const UNSUPPORTED_VERSION = 35

/** One port of the cluster. Requests of a connection are handled one after the other, as a broker does. */
export class ScriptedNode {
  readonly nodeId: number
  readonly host = '127.0.0.1'
  port = 0
  readonly sockets = new Set<Socket>()
  readonly #cluster: ScriptedCluster
  #server: Server | null = null

  constructor(cluster: ScriptedCluster, nodeId: number) {
    this.#cluster = cluster
    this.nodeId = nodeId
  }

  get isRunning(): boolean {
    return this.#server !== null
  }

  /** The first start picks a port, later ones use it again. */
  async start(): Promise<void> {
    if (this.#server !== null) return
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, this.host, resolve)
    })
    this.port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Refuses and cuts connections, like a killed broker. */
  async stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = new Promise((resolve) => server.close(resolve))
    this.cut()
    await closed
  }

  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy()
  }

  #accept(socket: Socket): void {
    const connection = new ScriptedConnection(this.#cluster, this.nodeId, socket)
    this.sockets.add(socket)
    socket.once('close', () => this.sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => connection.read(chunk))
  }
}

class ScriptedConnection {
  readonly #cluster: ScriptedCluster
  readonly #node: number
  readonly #socket: Socket
  readonly #number: number
  readonly #gone = new AbortController()
  #received: Buffer = Buffer.alloc(0)
  #handled: Promise<void> = Promise.resolve()

  constructor(cluster: ScriptedCluster, node: number, socket: Socket) {
    this.#cluster = cluster
    this.#node = node
    this.#socket = socket
    this.#number = cluster.acceptedConnection(node)
    socket.once('close', () => this.#gone.abort())
  }

  read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      const end = 4 + this.#received.readInt32BE(0)
      const frame = Buffer.from(this.#received.subarray(4, end))
      this.#received = this.#received.subarray(end)
      this.#handled = this.#handled.then(() => this.#handle(frame)).catch((error: unknown) => this.#fail(error))
    }
  }

  #fail(error: unknown): void {
    this.#cluster.failures.push(error)
    this.#socket.destroy()
  }

  async #handle(frame: Buffer): Promise<void> {
    if (this.#gone.signal.aborted) return
    const reader = new Reader(frame)
    const [key, version, correlationId] = [reader.int16(), reader.int16(), reader.int32()]
    const clientId = reader.nullableString() ?? ''
    const name = nameOf(key)
    if (name === undefined) throw new Error(`The scripted broker does not speak API ${key}`)
    const api = apis[name] as Api<unknown>
    const isFlexible = api.flexible !== undefined && version >= api.flexible
    if (isFlexible) reader.skipTags()
    if (!this.#speaks(name, version)) {
      if (name !== 'ApiVersions') throw new Error(`${name} version ${version} was sent to node ${this.#node}, which does not offer it`)
      return this.#answer(correlationId, new Writer().int16(UNSUPPORTED_VERSION).int32(0), false)
    }
    const request = api.decode(reader, version)
    const action = await this.#cluster.script({
      api: name,
      version,
      node: this.#node,
      connection: this.#number,
      clientId,
      request,
    } as never)
    if (action?.do === 'cut') return void this.#socket.resetAndDestroy()
    if (action?.do === 'silence' && action.handle !== true) return
    const exchange = new Exchange(this.#cluster, this.#node, version, clientId, this.#gone.signal, action)
    const body = await api.handle(request, exchange)
    this.#finish(action, api.isAnswered?.(request) ?? true, () => this.#answer(correlationId, body, isFlexible))
  }

  #finish(action: Action | null, isAnswered: boolean, answer: () => void): void {
    if (action?.do === 'lose-answer') this.#socket.resetAndDestroy()
    else if (action?.do !== 'silence' && isAnswered) answer()
  }

  #speaks(name: ApiName, version: number): boolean {
    const range = this.#cluster.versionsOf(this.#node).find((each) => each.key === apis[name].key)
    return range !== undefined && version >= range.min && version <= range.max
  }

  #answer(correlationId: number, body: Writer, isFlexible: boolean): void {
    const content = Buffer.concat(body.finish())
    const header = Buffer.alloc(isFlexible ? 9 : 8)
    header.writeInt32BE(header.length - 4 + content.length, 0)
    header.writeInt32BE(correlationId, 4)
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat([header, content]))
  }
}

function nameOf(key: number): ApiName | undefined {
  return (Object.keys(apis) as ApiName[]).find((name) => apis[name].key === key)
}
