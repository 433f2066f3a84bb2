/**
 * What the members of a consumer group tell each other inside JoinGroup and SyncGroup: protocol type `consumer`.
 * Written as version 0, which every client reads; of newer versions the known beginning is read and the rest ignored.
 */
import { KafkaError, asKafkaError, kafkaError } from '../errors.ts'
import type { TopicPartition } from '../ports.ts'

export const PROTOCOL_TYPE = 'consumer'

const VERSION = 0
const NULL_LENGTH = -1

/** The topics a member wants, without user data. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  const names = topics.map((topic) => Buffer.from(topic))
  const buffer = Buffer.allocUnsafe(2 + 4 + names.reduce((size, name) => size + 2 + name.length, 0) + 4)
  let at = buffer.writeInt16BE(VERSION, 0)
  at = buffer.writeInt32BE(names.length, at)
  for (const name of names) at = writeString(buffer, name, at)
  buffer.writeInt32BE(NULL_LENGTH, at)
  return buffer
}

/** @throws KafkaError INCONSISTENT_GROUP_PROTOCOL when the bytes are no subscription */
export function decodeSubscription(bytes: Buffer): readonly string[] {
  return read('subscription', bytes, (cursor) => {
    cursor.int16()
    return cursor.array(() => cursor.string())
  })
}

/** The partitions the leader gives to one member. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, owned]) => ({ name: Buffer.from(topic), owned }))
  const size = topics.reduce((sum, { name, owned }) => sum + 2 + name.length + 4 + 4 * owned.length, 0)
  const buffer = Buffer.allocUnsafe(2 + 4 + size + 4)
  let at = buffer.writeInt16BE(VERSION, 0)
  at = buffer.writeInt32BE(topics.length, at)
  for (const { name, owned } of topics) {
    at = writeString(buffer, name, at)
    at = buffer.writeInt32BE(owned.length, at)
    for (const { partition } of owned) at = buffer.writeInt32BE(partition, at)
  }
  buffer.writeInt32BE(NULL_LENGTH, at)
  return buffer
}

/** Also reads the empty answer that a leader without an opinion leaves: no partitions. @throws KafkaError as `decodeSubscription` */
export function decodeAssignment(bytes: Buffer): readonly TopicPartition[] {
  if (bytes.length === 0) return []
  return read('assignment', bytes, (cursor) => {
    cursor.int16()
    const topics = cursor.array(() => ({ topic: cursor.string(), partitions: cursor.array(() => cursor.int32()) }))
    return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
  })
}

function writeString(buffer: Buffer, text: Buffer, at: number): number {
  const start = buffer.writeInt16BE(text.length, at)
  return start + text.copy(buffer, start)
}

function read<T>(what: string, bytes: Buffer, decode: (cursor: ByteCursor) => T): T {
  try {
    return decode(new ByteCursor(bytes))
  } catch (error) {
    if (error instanceof KafkaError) throw error
    throw kafkaError(23, { message: `A group member sent a ${what} that cannot be read: ${asKafkaError(error).message}`, cause: error })
  }
}

class ByteCursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  string(): string {
    const end = this.int16() + this.#at
    if (end < this.#at || end > this.#bytes.length) throw new RangeError('a text is longer than the message')
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end
    return text
  }

  array<T>(item: () => T): T[] {
    const count = this.int32()
    if (count > this.#bytes.length - this.#at) throw new RangeError('an array is longer than the message')
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(item())
    return items
  }
}
