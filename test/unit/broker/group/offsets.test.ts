import { describe, expect, it } from 'vitest'
import { GroupClient, subscription, topicId } from '../../../support/broker/group-client.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('committing offsets', () => {
  it('keeps offset, leader epoch and metadata of whoever is in no group', async () => {
    const client = new GroupClient()
    expect(await client.commit('g', { 'orders-1': 42 }, { metadata: 'note', leaderEpoch: 3 })).toEqual([0])
    const { groups } = await client.ask('OffsetFetch', { groups: [{ groupId: 'g', topics: null }] })
    expect(groups[0]!.topics[0]).toMatchObject({
      name: 'orders',
      partitions: [{ partitionIndex: 1, committedOffset: 42, committedLeaderEpoch: 3, metadata: 'note', errorCode: 0 }],
    })
    expect(await client.describe('g')).toMatchObject({ groupState: 'Empty', protocolType: '' })
  })

  it('answers when they are kept, and not before', async () => {
    const client = new GroupClient()
    const release = client.store.hold()
    let answered = false
    const commit = client.commit('g', { 'orders-0': 1 }).then(() => (answered = true))
    await client.clock.advance(0)
    expect(answered).toBe(false)
    release()
    await commit
  })

  it('takes back what cannot be kept and lets the client try again (16)', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 1 })
    client.store.failure = new Error('disk full')
    expect(await client.commit('g', { 'orders-0': 2, 'orders-1': 2 })).toEqual([16, 16])
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
  })

  it('refuses partitions and topics that do not exist (3), and keeps the others', async () => {
    const client = new GroupClient()
    expect(await client.commit('g', { 'orders-0': 1, 'orders-3': 1, 'nothing-0': 1 })).toEqual([0, 3, 3])
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
  })

  it('refuses metadata of more than offset.metadata.max.bytes (12)', async () => {
    const client = new GroupClient()
    expect(await client.commit('g', { 'orders-0': 1 }, { metadata: 'x'.repeat(4097) })).toEqual([12])
    expect(await client.commit('g', { 'orders-0': 1 }, { metadata: 'x'.repeat(4096) })).toEqual([0])
  })

  it('names topics by id in version 10; an id that no topic has is refused (100)', async () => {
    const client = new GroupClient()
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }]
    const topics = [
      { topicId: topicId('orders'), partitions },
      { topicId: topicId('unknown'), partitions },
    ]
    const answer = await client.ask('OffsetCommit', { groupId: 'g', topics }, { version: 10 })
    expect(answer.topics.map(({ topicId: id, partitions: [partition] }) => [id, partition!.errorCode])).toEqual([
      [topicId('orders'), 0],
      [topicId('unknown'), 100],
    ])
    const asked = topics.map(({ topicId: id }) => ({ topicId: id, partitionIndexes: [0] }))
    const some = await client.ask('OffsetFetch', { groups: [{ groupId: 'g', topics: asked }] }, { version: 10 })
    expect(some.groups[0]!.topics.map(({ partitions: [partition] }) => [partition!.committedOffset, partition!.errorCode])).toEqual([
      [7, 0],
      [-1, 100],
    ])
    const all = await client.ask('OffsetFetch', { groups: [{ groupId: 'g', topics: null }] }, { version: 10 })
    expect(all.groups[0]!.topics.map((topic) => topic.topicId)).toEqual([topicId('orders')])
  })

  it('accepts members of a stable group, and of one that prepares a rebalance', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    const mine = { memberId: member!.memberId, generationIdOrMemberEpoch: 1 }
    expect(await client.commit('g', { 'orders-0': 1 }, mine)).toEqual([0])
    void client.join('g')
    await client.clock.advance(0)
    expect(await client.commit('g', { 'orders-0': 2 }, mine)).toEqual([0])
  })

  it('refuses other generations (22), strangers (25), and members that do not have their share yet (27)', async () => {
    const client = new GroupClient()
    const join = client.join('g')
    await client.clock.advance(3000)
    const { memberId } = await join
    expect(await client.commit('g', { 'orders-0': 1 }, { memberId, generationIdOrMemberEpoch: 1 })).toEqual([27])
    expect(await client.commit('g', { 'orders-0': 1 }, { memberId, generationIdOrMemberEpoch: 2 })).toEqual([22])
    expect(await client.commit('g', { 'orders-0': 1 }, { memberId: 'stranger', generationIdOrMemberEpoch: 1 })).toEqual([25])
  })

  it('refuses whoever is in no group while the group has members (25)', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    expect(await client.commit('g', { 'orders-0': 1 })).toEqual([25])
    await client.leave('g', { memberId: member!.memberId })
    expect(await client.commit('g', { 'orders-0': 1 })).toEqual([0])
  })

  it('tells a member of a group that does not exist so: 22, from version 9 on 69', async () => {
    const client = new GroupClient()
    const mine = { memberId: 'm', generationIdOrMemberEpoch: 1 }
    expect(await client.commit('g', { 'orders-0': 1 }, { ...mine, version: 8 })).toEqual([22])
    expect(await client.commit('g', { 'orders-0': 1 }, { ...mine, version: 9 })).toEqual([69])
  })
})

describe('fetching offsets', () => {
  it('gives -1 for what was never committed and for groups that do not exist', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 5 })
    expect(await client.fetch('g', ['orders-0', 'orders-1', 'nothing-0'])).toEqual({ 'orders-0': 5, 'orders-1': -1, 'nothing-0': -1 })
    expect(await client.fetch('nowhere', ['orders-0'])).toEqual({ 'orders-0': -1 })
    expect(await client.fetch('nowhere')).toEqual({})
  })

  it.each([1, 2, 5, 7])('answers one group in version %i', async (version) => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 5 }, { leaderEpoch: 2 })
    const topics = [{ name: 'orders', partitionIndexes: [0] }]
    const answer = await client.ask('OffsetFetch', { groupId: 'g', topics }, { version })
    expect(answer.topics[0]!.partitions[0]).toMatchObject({ committedOffset: 5, committedLeaderEpoch: version < 5 ? -1 : 2, metadata: '' })
    if (version > 1) expect((await client.ask('OffsetFetch', { groupId: 'g', topics: null }, { version })).topics).toHaveLength(1)
  })

  it('answers many groups from version 8', async () => {
    const client = new GroupClient()
    await client.commit('a', { 'orders-0': 1 })
    await client.commit('b', { 'bills-0': 2 })
    const groups = ['a', 'b', 'c'].map((groupId) => ({ groupId, topics: null }))
    const answer = await client.ask('OffsetFetch', { groups }, { version: 8 })
    expect(answer.groups.map(({ groupId, topics }) => [groupId, topics.map(({ name }) => name)])).toEqual([
      ['a', ['orders']],
      ['b', ['bills']],
      ['c', []],
    ])
  })
})

describe('offsets in a transaction', () => {
  const producer = { transactionalId: 't', producerId: 7, producerEpoch: 0 }
  const addOffset = async (client: GroupClient, group: string, offset: number, fields = {}, version = 4) => {
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: null }]
    const request = { ...producer, groupId: group, topics: [{ name: 'orders', partitions }], ...fields }
    const { topics } = await client.ask('TxnOffsetCommit', request, { version })
    return topics[0]!.partitions[0]!.errorCode
  }

  it('are not to be seen before it commits, and then are', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 1 })
    expect(await addOffset(client, 'g', 9)).toBe(0)
    expect(client.coordinator.pendingOffsets(7)).toEqual(['g'])
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
    await client.coordinator.completeTransaction(7, true)
    expect(await client.fetch('g')).toEqual({ 'orders-0': 9 })
    expect(client.coordinator.pendingOffsets(7)).toEqual([])
  })

  it('are gone when it aborts', async () => {
    const client = new GroupClient()
    await addOffset(client, 'g', 9)
    await client.coordinator.completeTransaction(7, false)
    expect(await client.fetch('g', ['orders-0'])).toEqual({ 'orders-0': -1 })
  })

  it('make the offset unstable for whoever asks for stable ones (88)', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 1, 'orders-1': 1 })
    await addOffset(client, 'g', 9)
    expect(await client.fetch('g', ['orders-0', 'orders-1'], true)).toEqual({ 'orders-0': 'error 88', 'orders-1': 1 })
    expect(await client.fetch('g', null, true)).toEqual({ 'orders-0': 'error 88', 'orders-1': 1 })
    await client.coordinator.completeTransaction(7, true)
    expect(await client.fetch('g', ['orders-0'], true)).toEqual({ 'orders-0': 9 })
  })

  it('do not undo a commit that came later', async () => {
    const client = new GroupClient()
    await addOffset(client, 'g', 5)
    await client.commit('g', { 'orders-0': 9 })
    await client.coordinator.completeTransaction(7, true)
    expect(await client.fetch('g')).toEqual({ 'orders-0': 9 })
  })

  it('outlive a restart: open ones wait, ended ones stay ended', async () => {
    const client = new GroupClient()
    await addOffset(client, 'g', 5)
    client.restart()
    expect(await client.fetch('g', ['orders-0'], true)).toEqual({ 'orders-0': 'error 88' })
    await client.coordinator.completeTransaction(7, true)
    client.restart()
    expect(await client.fetch('g', ['orders-0'], true)).toEqual({ 'orders-0': 5 })
  })

  it('keep their order through a restart in which later commits were made', async () => {
    const client = new GroupClient()
    await addOffset(client, 'g', 5)
    client.restart()
    await client.commit('g', { 'orders-0': 9 })
    client.restart()
    await client.coordinator.completeTransaction(7, true)
    expect(await client.fetch('g')).toEqual({ 'orders-0': 9 })
  })

  it('can be ended again when ending them failed', async () => {
    const client = new GroupClient()
    await addOffset(client, 'g', 5)
    client.store.failure = new Error('disk full')
    await expect(client.coordinator.completeTransaction(7, true)).rejects.toThrow('disk full')
    expect(await client.fetch('g', ['orders-0'], true)).toEqual({ 'orders-0': 'error 88' })
    client.store.failure = null
    await client.coordinator.completeTransaction(7, true)
    client.restart()
    expect(await client.fetch('g', ['orders-0'], true)).toEqual({ 'orders-0': 5 })
  })

  it('are refused from members that lost their place: other generation (22), unknown (25), fenced (82)', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g', 1, { groupInstanceId: 'i' })
    const mine = { memberId: member!.memberId, groupInstanceId: 'i-0', generationId: 1 }
    expect(await addOffset(client, 'g', 1, mine)).toBe(0)
    expect(await addOffset(client, 'g', 1, { ...mine, generationId: 2 })).toBe(22)
    expect(await addOffset(client, 'g', 1, { ...mine, groupInstanceId: null, memberId: 'stranger' })).toBe(25)
    expect(await addOffset(client, 'g', 1, { memberId: 'stranger' })).toBe(25)
    expect(await addOffset(client, 'g', 1, { ...mine, memberId: 'old' })).toBe(82)
    expect(await addOffset(client, 'nowhere', 1, mine)).toBe(22)
  })

  it('are accepted without a member although the group has some, as old clients send none', async () => {
    const client = new GroupClient()
    await client.stableGroup('g')
    expect(await addOffset(client, 'g', 1, {}, 2)).toBe(0)
  })

  it('are refused for unknown partitions (3) and an empty group id (24)', async () => {
    const client = new GroupClient()
    expect(
      await addOffset(client, 'g', 1, {
        topics: [{ name: 'nothing', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
      }),
    ).toBe(3)
    expect(await addOffset(client, '', 1)).toBe(24)
  })
})

describe('deleting offsets', () => {
  const remove = async (client: GroupClient, group: string, ...names: string[]) => {
    const topics = names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }))
    const { errorCode, topics: deleted } = await client.ask('OffsetDelete', { groupId: group, topics })
    return errorCode === 0 ? deleted.map(({ partitions }) => partitions[0]!.errorCode) : [errorCode]
  }

  it('takes away those of topics that no member is subscribed to; others are refused (86)', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 1, 'bills-0': 1 })
    await client.stableGroup('g')
    expect(await remove(client, 'g', 'orders', 'bills', 'nothing')).toEqual([86, 0, 3])
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
    client.restart()
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
  })

  it('takes every topic of consumers with metadata of their own as subscribed', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'bills-0': 1 })
    await client.stableGroup('g', 1, { protocols: [{ name: 'range', metadata: Buffer.from('mine') }] })
    expect(await remove(client, 'g', 'bills')).toEqual([86])
  })

  it('refuses groups that are no consumers and have members (68), and those that do not exist (69)', async () => {
    const client = new GroupClient()
    await client.stableGroup('workers', 1, { protocolType: 'connect' })
    expect(await remove(client, 'workers', 'orders')).toEqual([68])
    expect(await remove(client, 'nowhere', 'orders')).toEqual([69])
    expect(await remove(client, '', 'orders')).toEqual([24])
  })

  it('happens with their topic', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 1, 'bills-0': 2 })
    await client.commit('h', { 'orders-2': 1 })
    await client.coordinator.topicDeleted('orders')
    expect([await client.fetch('g'), await client.fetch('h')]).toEqual([{ 'bills-0': 2 }, {}])
    client.restart()
    expect([await client.fetch('g'), await client.fetch('h')]).toEqual([{ 'bills-0': 2 }, {}])
  })
})

describe('retention of offsets', () => {
  it('begins when the last member left, and ends offsets and group', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    await client.commit('g', { 'orders-0': 1 }, { memberId: member!.memberId, generationIdOrMemberEpoch: 1 })
    await client.leave('g', { memberId: member!.memberId })
    await client.clock.advance(7 * DAY_MS - 600_000)
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
    await client.clock.advance(1_200_000)
    expect(await client.fetch('g')).toEqual({})
    expect((await client.describe('g')).groupState).toBe('Dead')
    expect([...client.store.entries.keys()]).toEqual([])
  })

  it('begins with each commit for whoever is in no group', async () => {
    const client = new GroupClient()
    await client.commit('g', { 'orders-0': 1 })
    await client.clock.advance(6 * DAY_MS)
    await client.commit('g', { 'orders-1': 1 })
    await client.clock.advance(2 * DAY_MS)
    expect(await client.fetch('g')).toEqual({ 'orders-1': 1 })
  })

  it('does not begin while consumers are subscribed; offsets of other topics go', async () => {
    const client = new GroupClient({ config: { offsetsRetentionMs: 1000, offsetsRetentionCheckIntervalMs: 3000 } })
    await client.commit('g', { 'orders-0': 1, 'bills-0': 1 })
    await client.stableGroup('g')
    await client.clock.advance(9000)
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
  })

  it('is what old clients ask for by themselves (versions 2 to 4)', async () => {
    const client = new GroupClient({ config: { offsetsRetentionCheckIntervalMs: 3000 } })
    await client.commit('g', { 'orders-0': 1 }, { version: 4, retentionTimeMs: 5000 })
    await client.clock.advance(3000)
    expect(await client.fetch('g')).toEqual({ 'orders-0': 1 })
    await client.clock.advance(3000)
    expect(await client.fetch('g')).toEqual({})
  })

  it('does not end offsets and groups in an open transaction', async () => {
    const client = new GroupClient({ config: { offsetsRetentionMs: 1000, offsetsRetentionCheckIntervalMs: 3000 } })
    const partitions = [{ partitionIndex: 0, committedOffset: 9, committedMetadata: null }]
    await client.ask('TxnOffsetCommit', {
      transactionalId: 't',
      producerId: 7,
      producerEpoch: 0,
      groupId: 'g',
      topics: [{ name: 'orders', partitions }],
    })
    await client.clock.advance(9000)
    expect((await client.describe('g')).groupState).toBe('Empty')
  })
})

it('subscriptions are read whatever version of them a client writes', async () => {
  const client = new GroupClient()
  const version9 = Buffer.concat([Buffer.from([0, 9]), subscription('orders').subarray(2)])
  await client.commit('g', { 'orders-0': 1, 'bills-0': 1 })
  await client.stableGroup('g', 1, { protocols: [{ name: 'range', metadata: version9 }] })
  const topics = ['orders', 'bills'].map((name) => ({ name, partitions: [{ partitionIndex: 0 }] }))
  const answer = await client.ask('OffsetDelete', { groupId: 'g', topics })
  expect(answer.topics.map(({ partitions }) => partitions[0]!.errorCode)).toEqual([86, 0])
})
