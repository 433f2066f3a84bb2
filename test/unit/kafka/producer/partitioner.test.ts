import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { murmur2 } from '../../../../src/kafka/producer/murmur2.ts'
import { partitionForKey, RoundRobinPartitioner, StickyPartitioner } from '../../../../src/kafka/producer/partitioner.ts'

const ALL_FOUR = [0, 1, 2, 3]

describe('murmur2 (K10)', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['abc', 479470107],
    ['a-little-bit-long-string', -985981536],
  ])('hashes %s as Java does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash)
  })

  it('puts 10,000 random keys where Java puts them', () => {
    const partitions: number[] = []
    for (const key of randomKeys(10_000)) {
      for (const count of [3, 16, 1000]) {
        const partition = partitionForKey(key, count)
        partitions.push(partition >>> 8, partition & 0xff)
      }
    }
    // recorded: the same keys through Utils.murmur2 and Utils.toPositive of Apache Kafka 4.3.1, in a java.util.zip.CRC32
    expect(crc32(Buffer.from(partitions)).toString(16)).toBe('774bcf5')
  })

  it('takes an empty key for a key', () => {
    const partitioner = new StickyPartitioner(1000, false)
    partitioner.update(16, [5])
    expect(partitioner.partition(Buffer.alloc(0))).toBe(9)
    expect(partitioner.partition(null)).toBe(5)
  })
})

describe('the sticky partitioner (K11)', () => {
  it('uses every partition and fills each batch before it moves on', () => {
    const partitioner = new StickyPartitioner(1000, false)
    partitioner.update(4, ALL_FOUR)
    const runs = runsOf(partitioner, 20_000)
    expect(new Set(runs.map((run) => run.partition))).toEqual(new Set(ALL_FOUR))
    // 100 bytes a record; the same partition can be drawn again
    for (const run of runs.slice(0, -1)) expect(run.records % 10).toBe(0)
  })

  it('stays while the batch is not ready, up to twice batch.size', () => {
    const partitioner = new StickyPartitioner(1000, false, inTurns())
    partitioner.update(2, [0, 1])
    const first = partitioner.partition(null)
    for (let count = 0; count < 19; count++) partitioner.appended(null, 100, false)
    expect(partitioner.partition(null)).toBe(first)
    partitioner.appended(null, 100, false)
    expect(partitioner.partition(null)).not.toBe(first)
  })

  it('does not count records with a key', () => {
    const partitioner = new StickyPartitioner(1000, false, inTurns())
    partitioner.update(2, [0, 1])
    const first = partitioner.partition(null)
    partitioner.appended(Buffer.from('key'), 5000, true)
    expect(partitioner.partition(null)).toBe(first)
  })

  it('leaves a partition that lost its leader', () => {
    const partitioner = new StickyPartitioner(1000, false, () => 0)
    partitioner.update(4, ALL_FOUR)
    expect(partitioner.partition(null)).toBe(0)
    partitioner.update(4, [2, 3])
    expect(partitioner.partition(null)).toBe(2)
  })

  it('takes any partition when none has a leader', () => {
    const partitioner = new StickyPartitioner(1000, false)
    partitioner.update(4, [])
    expect(ALL_FOUR).toContain(partitioner.partition(null))
  })

  it('spreads records with a key when keys are ignored', () => {
    const partitioner = new StickyPartitioner(1000, true, () => 0)
    partitioner.update(4, ALL_FOUR)
    const key = Buffer.from('21')
    expect(partitionForKey(key, 3)).not.toBe(partitionForKey(key, 16))
    expect(partitioner.partition(Buffer.from('abc'))).toBe(0)
    partitioner.appended(Buffer.from('abc'), 2000, true)
    expect(partitioner.partition(null)).toBe(0)
  })

  it('places only later records by a new partition count (K10)', () => {
    const partitioner = new StickyPartitioner(1000, false)
    const key = Buffer.from('user-17')
    partitioner.update(3, [0, 1, 2])
    expect(partitioner.partition(key)).toBe(partitionForKey(key, 3))
    partitioner.update(16, [0, 1, 2])
    expect(partitioner.partition(key)).toBe(12)
  })
})

describe('the round-robin partitioner', () => {
  it('takes the available partitions in turn, whatever the key', () => {
    const partitioner = new RoundRobinPartitioner()
    partitioner.update(4, [0, 2, 3])
    const chosen = [1, 2, 3, 4].map(() => partitioner.partition())
    expect(chosen).toEqual([0, 2, 3, 0])
  })

  it('takes all partitions in turn when none has a leader', () => {
    const partitioner = new RoundRobinPartitioner()
    partitioner.update(2, [])
    expect([partitioner.partition(), partitioner.partition(), partitioner.partition()]).toEqual([0, 1, 0])
  })
})

function runsOf(partitioner: StickyPartitioner, records: number): { partition: number; records: number }[] {
  const runs: { partition: number; records: number }[] = []
  for (let count = 0; count < records; count++) {
    const partition = partitioner.partition(null)
    const run = runs.at(-1)
    if (run?.partition === partition) run.records++
    else runs.push({ partition, records: 1 })
    partitioner.appended(null, 100, true)
  }
  return runs
}

/** Random numbers that choose one of two partitions after the other. */
function inTurns(): () => number {
  let turn = 0
  return () => ((turn++ % 2) + 0.5) / 0x7fffffff + 1e-9
}

/** The same keys as the recorded Java run: a linear congruential generator over int32. */
function* randomKeys(count: number): Generator<Buffer> {
  let state = 1
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) | 0) >>> 16
  for (; count > 0; count--) {
    const key = Buffer.alloc(next() % 40)
    for (let at = 0; at < key.length; at++) key[at] = next() & 0xff
    yield key
  }
}
