import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const LIST_OFFSETS = 2
const LATEST = -1n

/**
 * Asks a broker for the end offset of partition 0, over one connection that stays open: cheap enough to be asked every 20 ms
 * beside the programs that are measured.
 */
export class EndOffset {
  readonly #socket: Socket
  readonly #request: Buffer

  private constructor(socket: Socket, request: Buffer) {
    this.#socket = socket
    this.#request = request
  }

  static async of(address: string, topic: string): Promise<EndOffset> {
    const colon = address.lastIndexOf(':')
    const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon))
    await once(socket, 'connect')
    return new EndOffset(socket, listOffsetsRequest(topic))
  }

  /** 0 while the topic has no leader yet. */
  async read(): Promise<number> {
    this.#socket.write(this.#request)
    let answer = Buffer.alloc(0)
    while (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) {
      const [chunk] = (await once(this.#socket, 'data')) as [Buffer]
      answer = Buffer.concat([answer, chunk])
    }
    const offset = Number(answer.readBigInt64BE(answer.length - 8))
    return Math.max(0, offset)
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** ListOffsets version 1. */
function listOffsetsRequest(topic: string): Buffer {
  const name = Buffer.from(topic)
  const request = Buffer.alloc(14 + 4 + 4 + 2 + name.length + 4 + 4 + 8)
  let at = request.writeInt32BE(request.length - 4, 0)
  at = request.writeInt16BE(LIST_OFFSETS, at)
  at = request.writeInt16BE(1, at) // version
  at = request.writeInt32BE(0, at) // correlation id
  at = request.writeInt16BE(-1, at) // no client id
  at = request.writeInt32BE(-1, at) // not a replica
  at = request.writeInt32BE(1, at) // one topic
  at = request.writeInt16BE(name.length, at)
  at += name.copy(request, at)
  at = request.writeInt32BE(1, at) // one partition
  at = request.writeInt32BE(0, at)
  request.writeBigInt64BE(LATEST, at)
  return request
}
