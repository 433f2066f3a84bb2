import type { TopicPartition } from './ports.ts'

/** The items in rounds that name each partition once: brokers refuse a ListOffsets that repeats one. Nearly always one round. */
export function oncePerPartition<T extends TopicPartition>(items: readonly T[]): readonly (readonly T[])[] {
  const rounds: T[][] = []
  const named = new Map<string, number>()
  for (const item of items) {
    const name = `${item.topic}-${item.partition}`
    const times = named.get(name) ?? 0
    named.set(name, times + 1)
    const round = rounds[times]
    if (round === undefined) rounds.push([item])
    else round.push(item)
  }
  return rounds
}
