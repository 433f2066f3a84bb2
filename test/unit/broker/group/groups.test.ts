import { describe, expect, it } from 'vitest'
import { Errors, ApiError } from '../../../../src/broker/protocol/errors.ts'
import { GroupClient, subscription } from '../../../support/broker/group-client.ts'

describe('describing groups', () => {
  it('shows members, what they asked for and what they were given while the group is stable', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g', 1, { clientId: 'app', groupInstanceId: 'i' })
    expect(await client.describe('g')).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [
        {
          memberId: member!.memberId,
          groupInstanceId: 'i-0',
          clientId: 'app',
          clientHost: '/127.0.0.1',
          memberMetadata: subscription('orders'),
          memberAssignment: Buffer.from(member!.memberId),
        },
      ],
    })
  })

  it('shows neither protocol nor metadata while it rebalances', async () => {
    const client = new GroupClient()
    await client.stableGroup('g')
    void client.join('g')
    await client.clock.advance(0)
    const { groupState, protocolData, members } = await client.describe('g')
    expect({ groupState, protocolData }).toEqual({ groupState: 'PreparingRebalance', protocolData: '' })
    expect(members.map(({ memberMetadata }) => memberMetadata.length)).toEqual([0, 0])
  })

  it('shows a group that does not exist as Dead; from version 6 that is an error (69)', async () => {
    const client = new GroupClient()
    expect(await client.describe('g')).toMatchObject({ errorCode: 69, errorMessage: 'Group g not found.', groupState: 'Dead' })
    const { groups } = await client.ask('DescribeGroups', { groups: ['g'] }, { version: 5 })
    expect(groups[0]).toMatchObject({ errorCode: 0, groupState: 'Dead' })
  })

  it('tells which operations are allowed only when asked', async () => {
    const client = new GroupClient()
    await client.stableGroup('g')
    const ask = async (includeAuthorizedOperations: boolean) =>
      (await client.ask('DescribeGroups', { groups: ['g'], includeAuthorizedOperations })).groups[0]!.authorizedOperations
    expect(await ask(false)).toBe(-2147483648)
    expect(await ask(true)).toBe((1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11))
  })
})

describe('listing groups', () => {
  it('names them with state and type, and only those of the states and types asked for', async () => {
    const client = new GroupClient()
    await client.stableGroup('members')
    await client.commit('offsets', { 'orders-0': 1 })
    const list = async (filter: { statesFilter?: string[]; typesFilter?: string[] } = {}) => (await client.ask('ListGroups', filter)).groups
    expect(await list()).toEqual([
      { groupId: 'members', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
      { groupId: 'offsets', protocolType: '', groupState: 'Empty', groupType: 'classic' },
    ])
    expect((await list({ statesFilter: ['stable'] })).map(({ groupId }) => groupId)).toEqual(['members'])
    expect(await list({ typesFilter: ['Classic'] })).toHaveLength(2)
    expect(await list({ typesFilter: ['consumer'] })).toEqual([])
  })
})

describe('deleting groups', () => {
  it('takes empty ones away with their offsets; others are refused (68, 69)', async () => {
    const client = new GroupClient()
    await client.commit('empty', { 'orders-0': 1 })
    await client.stableGroup('members')
    const { results } = await client.ask('DeleteGroups', { groupsNames: ['empty', 'members', 'nowhere'] })
    expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 68, 69])
    expect(await client.fetch('empty')).toEqual({})
    client.restart()
    expect((await client.describe('empty')).groupState).toBe('Dead')
  })

  it('forgets members that were only given an id', async () => {
    const client = new GroupClient()
    const protocols = [{ name: 'range', metadata: subscription('orders') }]
    await client.ask('JoinGroup', { groupId: 'g', sessionTimeoutMs: 10_000, memberId: '', protocolType: 'consumer', protocols })
    const pending = client.clock.pending
    await client.ask('DeleteGroups', { groupsNames: ['g'] })
    expect(client.clock.pending).toBe(pending - 1)
  })
})

describe('finding the coordinator', () => {
  const here = { nodeId: 1, host: 'localhost', port: 9092, errorCode: 0 }

  it.each([0, 1, 2, 3])('names this node, in version %i', async (version) => {
    const client = new GroupClient()
    expect(await client.ask('FindCoordinator', { key: 'g' }, { version })).toMatchObject(here)
  })

  it('names this node for every group and transaction, from version 4 many at once', async () => {
    const client = new GroupClient()
    const { coordinators } = await client.ask('FindCoordinator', { keyType: 1, coordinatorKeys: ['a', 'b'] }, { version: 4 })
    expect(coordinators).toMatchObject([
      { ...here, key: 'a' },
      { ...here, key: 'b' },
    ])
  })

  it('refuses other kinds of coordinators (42)', async () => {
    const client = new GroupClient()
    const { coordinators } = await client.ask('FindCoordinator', { keyType: 2, coordinatorKeys: ['a'] })
    expect(coordinators).toMatchObject([{ key: 'a', nodeId: -1, errorCode: 42 }])
  })
})

describe('after a restart', () => {
  it('members of a stable group go on as if nothing had been', async () => {
    const client = new GroupClient()
    const [leader, follower] = await client.stableGroup('g', 2, { groupInstanceId: 'i' })
    await client.commit('g', { 'orders-0': 5 }, { memberId: leader!.memberId, groupInstanceId: 'i-0', generationIdOrMemberEpoch: 1 })
    const before = await client.describe('g')
    client.restart()
    expect(await client.heartbeat('g', leader!, 'i-0')).toBe(0)
    expect(await client.heartbeat('g', follower!, 'i-1')).toBe(0)
    expect(await client.describe('g')).toEqual(before)
    expect(await client.fetch('g')).toEqual({ 'orders-0': 5 })
    expect((await client.sync('g', follower!, {}, { groupInstanceId: 'i-1' })).assignment).toEqual(Buffer.from(follower!.memberId))
  })

  it('members that do not come back are removed when their session ends', async () => {
    const client = new GroupClient()
    const [kept, lost] = await client.stableGroup('g', 2)
    client.restart()
    await client.clock.advance(9000)
    await client.heartbeat('g', kept!)
    await client.clock.advance(1000)
    expect(await client.heartbeat('g', kept!)).toBe(27)
    expect(await client.heartbeat('g', lost!)).toBe(25)
  })

  it('a rebalance that was under way is forgotten, and the generation before it stands', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    void client.join('g')
    await client.clock.advance(0)
    client.restart()
    expect(await client.heartbeat('g', member!)).toBe(0)
  })

  it('a group that everybody left is empty, in the generation it had', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    await client.leave('g', { memberId: member!.memberId })
    client.restart()
    expect(await client.describe('g')).toMatchObject({ groupState: 'Empty', protocolType: 'consumer' })
    const join = client.join('g')
    await client.clock.advance(3000)
    expect((await join).generationId).toBe(3)
  })

  it('a group larger than group.max.size is made smaller', async () => {
    const client = new GroupClient()
    const [first] = await client.stableGroup('g', 3)
    const smaller = new GroupClient({ store: client.store, config: { maxSize: 2 } })
    expect(await smaller.heartbeat('g', first!)).toBe(27)
  })

  it('no timer is left behind', async () => {
    const client = new GroupClient()
    await client.stableGroup('g', 2)
    void client.join('h')
    await client.clock.advance(0)
    client.coordinator.close()
    expect(client.clock.pending).toBe(0)
  })
})

describe('the transaction of a TxnOffsetCommit', () => {
  it.each([
    ['PRODUCER_FENCED', 4, 'INVALID_PRODUCER_EPOCH'],
    ['TRANSACTION_ABORTABLE', 3, 'INVALID_TXN_STATE'],
    ['TRANSACTION_ABORTABLE', 4, 'TRANSACTION_ABORTABLE'],
    ['INVALID_PRODUCER_ID_MAPPING', 4, 'INVALID_PRODUCER_ID_MAPPING'],
  ] as const)('that is refused with %s is so in version %i with %s', async (refused, version, answered) => {
    const client = new GroupClient({
      verifyTransaction: () => {
        throw new ApiError(Errors[refused])
      },
    })
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }] }]
    const request = { transactionalId: 't', producerId: 7, producerEpoch: 0, groupId: 'g', topics }
    const answer = await client.ask('TxnOffsetCommit', request, { version })
    expect(answer.topics[0]!.partitions[0]!.errorCode).toBe(Errors[answered])
    expect(client.coordinator.pendingOffsets(7)).toEqual([])
  })
})
