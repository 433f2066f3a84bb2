import { describe, expect, it } from 'vitest'
import type { AssignorMember } from '../../../../src/kafka/consumer/assignor.ts'
import { rangeAssignor } from '../../../../src/kafka/consumer/range-assignor.ts'
import { roundRobinAssignor } from '../../../../src/kafka/consumer/round-robin-assignor.ts'

function member(memberId: string, topics: string[], groupInstanceId: string | null = null): AssignorMember {
  return { memberId, groupInstanceId, topics }
}

function plan(assignor: typeof rangeAssignor, counts: Record<string, number>, members: AssignorMember[]): Record<string, string> {
  const assignment = assignor.assign(new Map(Object.entries(counts)), members)
  return Object.fromEntries(
    [...assignment].map(([memberId, partitions]) => [memberId, partitions.map(({ topic, partition }) => `${topic}${partition}`).join(' ')]),
  )
}

describe('range assignor', () => {
  it('gives the first members one partition more, topic by topic', () => {
    const members = [member('b', ['s', 't']), member('a', ['s', 't'])]
    expect(plan(rangeAssignor, { s: 3, t: 3 }, members)).toEqual({ a: 's0 s1 t0 t1', b: 's2 t2' })
  })

  it('sorts static members by instance id, before dynamic ones', () => {
    const members = [member('a', ['t']), member('z', ['t'], 'two'), member('y', ['t'], 'one')]
    expect(plan(rangeAssignor, { t: 4 }, members)).toEqual({ y: 't0 t1', z: 't2', a: 't3' })
  })

  it('looks only at the subscribers of a topic', () => {
    const members = [member('a', ['s']), member('b', ['s', 't'])]
    expect(plan(rangeAssignor, { s: 2, t: 2 }, members)).toEqual({ a: 's0', b: 's1 t0 t1' })
  })

  it('leaves members without partitions when there are more members than partitions', () => {
    expect(plan(rangeAssignor, { t: 1 }, [member('a', ['t']), member('b', ['t'])])).toEqual({ a: 't0', b: '' })
  })

  it('gives nothing of topics that do not exist or nobody wants', () => {
    expect(plan(rangeAssignor, { other: 2 }, [member('a', ['missing'])])).toEqual({ a: '' })
  })
})

describe('round robin assignor', () => {
  it('deals all partitions sorted by topic', () => {
    const members = [member('a', ['s', 't']), member('b', ['s', 't'])]
    expect(plan(roundRobinAssignor, { t: 3, s: 3 }, members)).toEqual({ a: 's0 s2 t1', b: 's1 t0 t2' })
  })

  it('passes over members that do not subscribe to the topic', () => {
    const members = [member('a', ['s']), member('b', ['s', 't']), member('c', ['s', 't'])]
    expect(plan(roundRobinAssignor, { s: 1, t: 2 }, members)).toEqual({ a: 's0', b: 't0', c: 't1' })
  })

  it('ignores topics that nobody wants', () => {
    expect(plan(roundRobinAssignor, { s: 1, t: 2 }, [member('a', ['s'])])).toEqual({ a: 's0' })
  })
})
