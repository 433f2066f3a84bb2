import { describe, expect, it } from 'vitest'
import { GroupClient, subscription } from '../../../support/broker/group-client.ts'

describe('a static member', () => {
  it('is taken in at once, with an id made of its group.instance.id', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g', 1, { groupInstanceId: 'i' })
    expect(member!.memberId).toMatch(/^i-0-[0-9a-f-]{36}$/)
    expect(member!.members[0]!.groupInstanceId).toBe('i-0')
  })

  it('comes back within its session under a new id, with its share and without a rebalance', async () => {
    const client = new GroupClient()
    const [leader, follower] = await client.stableGroup('g', 2, { groupInstanceId: 'i' })
    const back = await client.join('g', { groupInstanceId: 'i-1' })
    expect(back).toMatchObject({ errorCode: 0, generationId: 1, leader: leader!.memberId, skipAssignment: false, members: [] })
    expect(back.memberId).not.toBe(follower!.memberId)
    const share = await client.sync('g', back, {}, { groupInstanceId: 'i-1' })
    expect(share).toMatchObject({ errorCode: 0, assignment: Buffer.from(follower!.memberId) })
    expect(await client.heartbeat('g', leader!, 'i-0')).toBe(0)
  })

  it('whose old id is not heard of any more does not make the group rebalance', async () => {
    const client = new GroupClient()
    await client.stableGroup('g', 1, { groupInstanceId: 'i' })
    const back = await client.join('g', { groupInstanceId: 'i-0' })
    await client.clock.advance(5000)
    await client.heartbeat('g', back, 'i-0')
    await client.clock.advance(5000)
    expect(await client.heartbeat('g', back, 'i-0')).toBe(0)
  })

  it('fences whoever still uses its old id (82)', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g', 1, { groupInstanceId: 'i' })
    await client.join('g', { groupInstanceId: 'i-0' })
    expect(await client.heartbeat('g', member!, 'i-0')).toBe(82)
    expect((await client.sync('g', member!, {}, { groupInstanceId: 'i-0' })).errorCode).toBe(82)
    expect((await client.join('g', { memberId: member!.memberId, groupInstanceId: 'i-0' })).errorCode).toBe(82)
    const commit = { memberId: member!.memberId, groupInstanceId: 'i-0', generationIdOrMemberEpoch: 1 }
    expect(await client.commit('g', { 'orders-0': 1 }, commit)).toEqual([82])
    expect(await client.heartbeat('g', member!)).toBe(25)
  })

  it('answers the old one at once when it still waits in JoinGroup (82)', async () => {
    const client = new GroupClient()
    const first = client.join('g', { groupInstanceId: 'i' })
    await client.clock.advance(0)
    const second = client.join('g', { groupInstanceId: 'i' })
    expect((await first).errorCode).toBe(82)
    await client.clock.advance(6000)
    expect((await second).errorCode).toBe(0)
  })

  it('that leads and comes back is told to make no assignment from version 9', async () => {
    const client = new GroupClient()
    await client.stableGroup('g', 2, { groupInstanceId: 'i' })
    const back = await client.join('g', { groupInstanceId: 'i-0' })
    expect(back).toMatchObject({ errorCode: 0, skipAssignment: true, leader: back.memberId })
    expect(back.members).toHaveLength(2)
  })

  it('that leads and comes back hears its old id as the leader before version 9, so that it makes no assignment', async () => {
    const client = new GroupClient()
    const [leader] = await client.stableGroup('g', 2, { groupInstanceId: 'i' })
    const back = await client.join('g', { groupInstanceId: 'i-0', version: 8 })
    expect(back).toMatchObject({ errorCode: 0, leader: leader!.memberId, members: [] })
  })

  it('that comes back and cannot follow the protocol of the group makes it rebalance', async () => {
    const client = new GroupClient()
    const both = ['range', 'sticky'].map((name) => ({ name, metadata: subscription('orders') }))
    const [leader] = await client.stableGroup('g', 2, { groupInstanceId: 'i', protocols: both })
    const back = client.join('g', { groupInstanceId: 'i-1', protocols: [{ name: 'sticky', metadata: subscription('orders') }] })
    await client.clock.advance(0)
    expect(await client.heartbeat('g', leader!, 'i-0')).toBe(27)
    const again = await client.join('g', { memberId: leader!.memberId, groupInstanceId: 'i-0', protocols: both })
    expect(again).toMatchObject({ errorCode: 0, generationId: 2, protocolName: 'sticky' })
    expect((await back).errorCode).toBe(0)
  })

  it('that comes back while the assignment is waited for makes the group rebalance: the leader knows only the old id', async () => {
    const client = new GroupClient()
    const [leader] = await client.joined('g', { groupInstanceId: 'i-0' }, { groupInstanceId: 'i-1' })
    void client.join('g', { groupInstanceId: 'i-1' })
    await client.clock.advance(0)
    expect(await client.heartbeat('g', leader!, 'i-0')).toBe(27)
  })

  it('keeps its place through a rebalance in which it does not join, until its session ends', async () => {
    const client = new GroupClient()
    const [leader] = await client.stableGroup('g', 2, { groupInstanceId: 'i', sessionTimeoutMs: 300_000 })
    const rejoined = client.join('g', { memberId: leader!.memberId, groupInstanceId: 'i-0', sessionTimeoutMs: 300_000 })
    await client.clock.advance(60_000)
    expect((await rejoined).members.map(({ groupInstanceId }) => groupInstanceId).toSorted()).toEqual(['i-0', 'i-1'])
  })

  it('is waited for once more when nobody joined a rebalance in time', async () => {
    const client = new GroupClient()
    const long = { sessionTimeoutMs: 1_000_000 }
    const joins = [
      client.join('g', long),
      client.join('g', { ...long, groupInstanceId: 'a' }),
      client.join('g', { ...long, groupInstanceId: 'b' }),
    ]
    await client.clock.advance(6000)
    const [dynamic, a] = await Promise.all(joins)
    await client.leave('g', { memberId: dynamic!.memberId })
    await client.clock.advance(60_000)
    expect((await client.describe('g')).groupState).toBe('PreparingRebalance')
    const again = client.join('g', { ...long, memberId: a!.memberId, groupInstanceId: 'a' })
    await client.clock.advance(60_000)
    expect(await again).toMatchObject({ errorCode: 0, generationId: 2, leader: a!.memberId })
  })

  it('that leads goes on leading after it came back, whoever else joins', async () => {
    const client = new GroupClient()
    const [, follower] = await client.stableGroup('g', 2, { groupInstanceId: 'i' })
    const back = await client.join('g', { groupInstanceId: 'i-0' })
    const leads = client.join('g', { memberId: back.memberId, groupInstanceId: 'i-0' })
    await client.clock.advance(0)
    await client.join('g', { memberId: follower!.memberId, groupInstanceId: 'i-1' })
    expect(await leads).toMatchObject({ generationId: 2, leader: back.memberId })
  })

  it('keeps its old id when the new one cannot be kept', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g', 1, { groupInstanceId: 'i' })
    client.store.failure = new Error('disk full')
    expect((await client.join('g', { groupInstanceId: 'i-0' })).errorCode).toBe(16)
    expect(await client.heartbeat('g', member!, 'i-0')).toBe(0)
  })

  it('is unknown under an instance id that nobody has (25)', async () => {
    const client = new GroupClient()
    const [member, left] = await client.stableGroup('g', 2, { groupInstanceId: 'i' })
    expect(await client.heartbeat('g', member!, 'nobody')).toBe(25)
    await client.leave('g', { memberId: left!.memberId, groupInstanceId: 'i-1' })
    expect(await client.heartbeat('g', member!, 'i-1')).toBe(25)
  })
})
