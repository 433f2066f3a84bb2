import type { Reader } from '../../../../src/kafka/protocol/reader.ts'
import type { Writer } from '../../../../src/kafka/protocol/writer.ts'
import type { Exchange } from '../exchange.ts'

/** One API as the scripted broker speaks it. */
export interface Api<Request> {
  readonly key: number
  readonly versions: readonly [min: number, max: number]
  /** First flexible version, if there is one in the range. */
  readonly flexible?: number
  decode(reader: Reader, version: number): Request
  /** Does what is asked for and returns the answer's body. */
  handle(request: Request, exchange: Exchange): Writer | Promise<Writer>
  /** Default: always answered. */
  isAnswered?(request: Request): boolean
}

export interface PartitionRef {
  readonly topic: string
  readonly partition: number
}

/** Reads the usual nesting of topics and partitions into a flat list. */
export function flat<T>(reader: Reader, partition: (topic: string) => T): T[] {
  const items: T[] = []
  reader.array(() => {
    const topic = reader.string()
    reader.array(() => items.push(partition(topic)))
  })
  return items
}

/** Writes a flat list in the usual nesting. */
export function nested<T extends PartitionRef>(writer: Writer, items: readonly T[], partition: (item: T) => void): Writer {
  const topics = Map.groupBy(items, (item) => item.topic)
  return writer.array(topics, (_, [topic, list]) => {
    writer.string(topic).array(list, (__, item) => partition(item))
  })
}
