import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { murmur2 } from '../../src/kafka/producer/murmur2.ts'
import { partitionForKey } from '../../src/kafka/producer/partitioner.ts'

interface Case {
  readonly name: string
  readonly input: { readonly $bytes: string }
  readonly want: { readonly murmur2: number; readonly partition: Readonly<Record<string, number>> }
}

const { cases } = JSON.parse(readFileSync(new URL('./partitioner.json', import.meta.url), 'utf8')) as { readonly cases: readonly Case[] }
let passed = 0

describe('keys go to the partition that Java chooses', () => {
  afterAll(() => console.log(`compat partitioner: ${passed} of ${cases.length}`))

  it.each(cases)('$name', ({ input, want }) => {
    const key = Buffer.from(input.$bytes, 'base64')
    expect(murmur2(key)).toBe(want.murmur2)
    for (const [count, partition] of Object.entries(want.partition)) expect(partitionForKey(key, Number(count))).toBe(partition)
    passed++
  })
})
