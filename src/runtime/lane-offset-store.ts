import { ConnectException } from '../api/errors.ts'
import type { OffsetBackingStore, OffsetEntry } from '../offsets/offset-backing-store.ts'
import { type PlainError, plainError, revivedError } from './plain-error.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** An `OffsetEntry`; nulls as there. */
interface PlainEntry {
  readonly key: Bytes | null
  readonly value: Bytes | null
}

type Question =
  | { readonly method: 'get'; readonly keys: readonly Bytes[] }
  | { readonly method: 'set'; readonly entries: readonly PlainEntry[] }
  | { readonly method: 'entries' }

/** A call of the store that a lane makes, under a number of its own. */
export type OffsetCall = Question & { readonly call: number }

/** What became of the call of that number. */
export interface OffsetAnswer {
  readonly call: number
  readonly values: readonly (Bytes | null)[]
  readonly entries: readonly PlainEntry[]
  /** Null: the call went well. */
  readonly error: PlainError | null
}

/** The worker's offset store as tasks of a lane see it. The store itself is the main thread's, which starts and stops it. */
export class LaneOffsetStore implements OffsetBackingStore {
  readonly #send: (call: OffsetCall) => void
  readonly #waiting = new Map<number, PromiseWithResolvers<OffsetAnswer>>()
  #calls = 0

  constructor(send: (call: OffsetCall) => void) {
    this.#send = send
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async get(keys: readonly Buffer[]): Promise<readonly (Buffer | null)[]> {
    const { values } = await this.#ask({ method: 'get', keys: keys.map(toBytes) })
    return values.map((value) => value && toBuffer(value))
  }

  async set(entries: readonly OffsetEntry[]): Promise<void> {
    await this.#ask({ method: 'set', entries: entries.map(toPlainEntry) })
  }

  async entries(): Promise<readonly OffsetEntry[]> {
    const { entries } = await this.#ask({ method: 'entries' })
    return entries.map(toEntry)
  }

  /** Called with each answer of the main thread. */
  receive(answer: OffsetAnswer): void {
    const waiting = this.#waiting.get(answer.call)
    this.#waiting.delete(answer.call)
    if (answer.error === null) waiting?.resolve(answer)
    else waiting?.reject(new ConnectException(answer.error.message, { cause: revivedError(answer.error) }))
  }

  #ask(question: Question): Promise<OffsetAnswer> {
    const call = ++this.#calls
    const waiting = Promise.withResolvers<OffsetAnswer>()
    this.#waiting.set(call, waiting)
    this.#send({ ...question, call })
    return waiting.promise
  }
}

/** Makes a lane's call on the worker's store. Never rejects: an error is an answer. */
export async function answerOffsetCall(question: OffsetCall, store: OffsetBackingStore): Promise<OffsetAnswer> {
  const { call } = question
  const nothing = { call, values: [], entries: [], error: null }
  try {
    switch (question.method) {
      case 'get':
        return { ...nothing, values: (await store.get(question.keys.map(toBuffer))).map((value) => value && toBytes(value)) }
      case 'set':
        await store.set(question.entries.map(toEntry))
        return nothing
      case 'entries':
        return { ...nothing, entries: (await store.entries()).map(toPlainEntry) }
    }
  } catch (error) {
    return { ...nothing, error: plainError(error) }
  }
}

/** A copy: small buffers share a pool, and all of it would cross. */
function toBytes(buffer: Buffer): Bytes {
  return new Uint8Array(buffer)
}

function toBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function toPlainEntry({ key, value }: OffsetEntry): PlainEntry {
  return { key: key && toBytes(key), value: value && toBytes(value) }
}

function toEntry({ key, value }: PlainEntry): OffsetEntry {
  return { key: key && toBuffer(key), value: value && toBuffer(value) }
}
