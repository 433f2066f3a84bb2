import { describe, expect, it } from 'vitest'
import { firstJoin, GroupClient, subscription } from '../../../support/broker/group-client.ts'

/** Longer than the session of the members here, shorter than their rebalance timeout. */
const SESSION_MS = 10_000
const REBALANCE_MS = 60_000

describe('joining a group', () => {
  it('gives a new member an id first and asks it to join again with it (79), from version 4', async () => {
    const client = new GroupClient()
    const request = firstJoin('g')
    const answer = await client.ask('JoinGroup', request, { clientId: 'app' })
    expect(answer.errorCode).toBe(79)
    expect(answer.memberId).toMatch(/^app-[0-9a-f-]{36}$/)

    const join = client.ask('JoinGroup', { ...request, memberId: answer.memberId })
    await client.clock.advance(3000)
    const joined = await join
    expect(joined).toMatchObject({
      errorCode: 0,
      generationId: 1,
      leader: answer.memberId,
      protocolName: 'range',
      protocolType: 'consumer',
    })
    expect(joined.members).toEqual([{ memberId: answer.memberId, groupInstanceId: null, metadata: subscription('orders') }])
  })

  it('takes a new member in at once before version 4', async () => {
    const client = new GroupClient()
    const join = client.join('g', { version: 3 })
    await client.clock.advance(3000)
    expect(await join).toMatchObject({ errorCode: 0, generationId: 1 })
  })

  it('waits group.initial.rebalance.delay.ms for others, and again after each that comes', async () => {
    const client = new GroupClient()
    const answered: number[] = []
    const join = async () => {
      await client.join('g')
      answered.push(client.clock.now())
    }
    const start = client.clock.now()
    const joins = [join()]
    await client.clock.advance(2000)
    joins.push(join())
    await client.clock.advance(2000)
    expect(answered).toEqual([])
    await client.clock.advance(2000)
    await Promise.all(joins)
    expect(answered).toEqual([start + 6000, start + 6000])
  })

  it('does not wait longer than the rebalance timeout for ever more newcomers', async () => {
    const client = new GroupClient()
    const start = client.clock.now()
    let answeredAt = 0
    const joins = [client.join('g', { rebalanceTimeoutMs: 7000 }).then(() => (answeredAt = client.clock.now()))]
    for (let i = 0; i < 6; i++) {
      await client.clock.advance(2000)
      joins.push(client.join('g', { rebalanceTimeoutMs: 7000 }).then(() => 0))
    }
    expect(answeredAt).toBe(start + 7000)
    await client.clock.advance(REBALANCE_MS)
    await Promise.all(joins)
  })

  it('names one leader, who alone is told the members and what they asked for', async () => {
    const client = new GroupClient()
    const [first, second] = await client.joined('g', {}, { protocols: [{ name: 'range', metadata: subscription('bills') }] })
    expect(first!.leader).toBe(second!.leader)
    expect(first!.leader).toBe(first!.memberId)
    expect(first!.members.map(({ metadata }) => metadata)).toEqual([subscription('orders'), subscription('bills')])
    expect(second!.members).toEqual([])
  })

  it.each([[['range', 'range', 'sticky']], [['sticky', 'range', 'range']], [['range', 'sticky', 'range']]])(
    'selects the protocol that all support and most prefer, of members that prefer %j',
    async (preferred) => {
      const client = new GroupClient()
      const joins = preferred.map((first) => {
        const names = first === 'range' ? ['cooperative', 'range', 'sticky'] : ['sticky', 'range']
        return client.join('g', { protocols: names.map((name) => ({ name, metadata: subscription('orders') })) })
      })
      await client.clock.advance(6000)
      for (const { protocolName } of await Promise.all(joins)) expect(protocolName).toBe('range')
    },
  )

  it.each([
    ['no protocol in common', { protocols: [{ name: 'other', metadata: Buffer.alloc(0) }] }],
    ['another protocol type', { protocolType: 'connect' }],
  ])('refuses a member with %s (23)', async (_, fields) => {
    const client = new GroupClient()
    await client.stableGroup('g')
    expect((await client.join('g', fields)).errorCode).toBe(23)
  })

  it('refuses the first member without protocol type or without protocols (23)', async () => {
    const client = new GroupClient()
    expect((await client.join('g', { protocolType: '' })).errorCode).toBe(23)
    expect((await client.join('g', { protocols: [] })).errorCode).toBe(23)
  })

  it.each([5_999, 1_800_001])(
    'refuses a session timeout of %i ms (26), outside of group.{min,max}.session.timeout.ms',
    async (sessionTimeoutMs) => {
      expect((await new GroupClient().join('g', { sessionTimeoutMs })).errorCode).toBe(26)
    },
  )

  it.each([
    [6, ''],
    [7, null],
  ])('names no protocol when it refuses: in version %i that is %j', async (version, protocolName) => {
    expect(await new GroupClient().join('', { version })).toMatchObject({ errorCode: 24, generationId: -1, protocolName })
  })

  it('refuses an empty group id (24)', async () => {
    expect((await new GroupClient().join('')).errorCode).toBe(24)
  })

  it('refuses a member that the group does not know (25), and one of a group that does not exist', async () => {
    const client = new GroupClient()
    await client.stableGroup('g')
    expect((await client.join('g', { memberId: 'stranger' })).errorCode).toBe(25)
    expect((await client.join('nowhere', { memberId: 'stranger' })).errorCode).toBe(25)
  })

  it('refuses members beyond group.max.size (81)', async () => {
    const client = new GroupClient({ config: { maxSize: 2 } })
    await client.stableGroup('g', 2)
    expect(await client.join('g')).toMatchObject({ errorCode: 81, memberId: '' })
  })

  it('keeps those who came first when members of a group that is too large join again (81)', async () => {
    const client = new GroupClient()
    const members = await client.stableGroup('g', 3)
    const smaller = new GroupClient({ store: client.store, config: { maxSize: 2 } })
    const [first, second, third] = members.map(({ memberId }) => memberId)
    const joins = [first, second].map((memberId) => smaller.join('g', { memberId: memberId! }))
    await smaller.clock.advance(0)
    const repeated = smaller.join('g', { memberId: first! })
    await smaller.clock.advance(0)
    expect((await smaller.join('g', { memberId: third! })).errorCode).toBe(81)
    await smaller.clock.advance(REBALANCE_MS)
    expect((await repeated).errorCode).toBe(0)
    expect((await joins[1]!).errorCode).toBe(0)
  })

  it('forgets the id that it gave a member when the group is full meanwhile', async () => {
    const client = new GroupClient({ config: { maxSize: 1 } })
    const request = firstJoin('g')
    const { memberId } = await client.ask('JoinGroup', request)
    const join = client.join('g')
    await client.clock.advance(3000)
    await join
    expect((await client.ask('JoinGroup', { ...request, memberId })).errorCode).toBe(81)
    expect(client.coordinator.group('g').pendingJoins.size).toBe(0)
  })

  it('takes the session timeout as rebalance timeout from version 0, which has no other', async () => {
    const client = new GroupClient()
    const first = client.join('g', { version: 0 })
    await client.clock.advance(3000)
    const joined = await first
    await client.sync('g', joined, { [joined.memberId]: 'all' })
    const second = client.join('g', { version: 0 })
    await client.clock.advance(SESSION_MS)
    expect(await second).toMatchObject({ errorCode: 0, generationId: 2, leader: (await second).memberId })
  })

  it('serves groups of any kind, such as Connect workers', async () => {
    const client = new GroupClient()
    const protocols = [{ name: 'sessioned', metadata: Buffer.from('url') }]
    const [worker] = await client.stableGroup('connect-cluster', 1, { protocolType: 'connect', protocols })
    expect(worker).toMatchObject({ errorCode: 0, protocolType: 'connect', protocolName: 'sessioned' })
    expect(await client.heartbeat('connect-cluster', worker!)).toBe(0)
  })
})

describe('synchronising a group', () => {
  it('hands each member its share when the leader brings the assignment', async () => {
    const client = new GroupClient()
    const [leader, follower] = await client.joined('g', {}, {})
    const waiting = client.sync('g', follower!)
    const answer = await client.sync('g', leader!, { [leader!.memberId]: 'p0', [follower!.memberId]: 'p1' })
    expect(answer).toMatchObject({ errorCode: 0, assignment: Buffer.from('p0'), protocolType: 'consumer', protocolName: 'range' })
    expect((await waiting).assignment).toEqual(Buffer.from('p1'))
    expect((await client.describe('g')).groupState).toBe('Stable')
  })

  it('gives a member that the leader left out an empty share', async () => {
    const client = new GroupClient()
    const [leader, follower] = await client.joined('g', {}, {})
    const waiting = client.sync('g', follower!)
    await client.sync('g', leader!, { [leader!.memberId]: 'all' })
    expect(await waiting).toMatchObject({ errorCode: 0, assignment: Buffer.alloc(0) })
  })

  it('answers again with the same share while the group is stable', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    expect((await client.sync('g', member!)).assignment).toEqual(Buffer.from(member!.memberId))
  })

  it('answers no member before the assignment is kept', async () => {
    const client = new GroupClient()
    const join = client.join('g')
    await client.clock.advance(3000)
    const joined = await join
    const release = client.store.hold()
    let answered = false
    const sync = client.sync('g', joined, { [joined.memberId]: 'all' }).then(() => (answered = true))
    await client.clock.advance(100)
    expect(answered).toBe(false)
    release()
    await sync
  })

  it('forgets an assignment that is kept only when the group rebalances again', async () => {
    const client = new GroupClient()
    const join = client.join('g')
    await client.clock.advance(3000)
    const joined = await join
    const release = client.store.hold()
    const sync = client.sync('g', joined, { [joined.memberId]: 'all' })
    void client.join('g')
    await client.clock.advance(0)
    release()
    await client.clock.advance(0)
    expect((await sync).errorCode).toBe(27)
    expect((await client.describe('g')).groupState).toBe('PreparingRebalance')
  })

  it('lets members join again when the assignment cannot be kept', async () => {
    const client = new GroupClient()
    const join = client.join('g')
    await client.clock.advance(3000)
    const joined = await join
    client.store.failure = new Error('disk full')
    expect((await client.sync('g', joined, { [joined.memberId]: 'all' })).errorCode).toBe(16)
    expect(await client.heartbeat('g', joined)).toBe(27)
  })

  it('refuses another generation (22), an unknown member (25), another protocol (23) and a group that rebalances (27)', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    expect((await client.sync('g', { ...member!, generationId: 7 })).errorCode).toBe(22)
    expect((await client.sync('g', { ...member!, memberId: 'stranger' })).errorCode).toBe(25)
    expect((await client.sync('nowhere', member!)).errorCode).toBe(25)
    expect((await client.sync('g', member!, {}, { protocolName: 'sticky' })).errorCode).toBe(23)
    expect((await client.sync('g', member!, {}, { protocolType: null })).errorCode).toBe(23)
    expect((await client.sync('', member!)).errorCode).toBe(24)
    void client.join('g')
    await client.clock.advance(0)
    expect((await client.sync('g', member!)).errorCode).toBe(27)
  })

  it('removes members that never synchronise within the rebalance timeout, and rebalances', async () => {
    const client = new GroupClient()
    const [leader, silent] = await client.joined('g', { sessionTimeoutMs: 300_000 }, { sessionTimeoutMs: 300_000 })
    await client.sync('g', leader!, { [leader!.memberId]: 'all' })
    await client.clock.advance(REBALANCE_MS)
    expect(await client.heartbeat('g', leader!)).toBe(27)
    expect(await client.heartbeat('g', silent!)).toBe(25)
  })

  it('tells members that wait for the leader to join again (27) when somebody new comes', async () => {
    const client = new GroupClient()
    const [, follower] = await client.joined('g', {}, {})
    const waiting = client.sync('g', follower!)
    void client.join('g')
    await client.clock.advance(0)
    expect((await waiting).errorCode).toBe(27)
  })
})

describe('rebalancing a group', () => {
  it('asks all members to join again (27) when one comes, and makes a new generation of those who do', async () => {
    const client = new GroupClient()
    const [first] = await client.stableGroup('g')
    const newcomer = client.join('g')
    await client.clock.advance(0)
    expect(await client.heartbeat('g', first!)).toBe(27)
    const again = client.join('g', { memberId: first!.memberId })
    expect(await again).toMatchObject({ errorCode: 0, generationId: 2, leader: first!.memberId })
    expect(await newcomer).toMatchObject({ errorCode: 0, generationId: 2, leader: first!.memberId })
  })

  it('goes on without members that do not join within the longest rebalance timeout, and elects a leader from those who did', async () => {
    const client = new GroupClient()
    const [first] = await client.stableGroup('g', 1, { sessionTimeoutMs: 300_000 })
    const newcomer = client.join('g', { rebalanceTimeoutMs: 1000 })
    await client.clock.advance(REBALANCE_MS - 1)
    expect(await client.heartbeat('g', first!)).toBe(27)
    await client.clock.advance(1)
    const joined = await newcomer
    expect(joined).toMatchObject({ errorCode: 0, generationId: 2, leader: joined.memberId })
    expect(await client.heartbeat('g', first!)).toBe(25)
  })

  it('begins when the leader of a stable group joins, and not when a follower does that asks for the same', async () => {
    const client = new GroupClient()
    const [leader, follower] = await client.stableGroup('g', 2)
    expect(await client.join('g', { memberId: follower!.memberId })).toMatchObject({ errorCode: 0, generationId: 1, members: [] })
    void client.join('g', { memberId: leader!.memberId })
    await client.clock.advance(0)
    expect(await client.heartbeat('g', follower!)).toBe(27)
  })

  it('begins when a follower asks for other topics', async () => {
    const client = new GroupClient()
    const [leader, follower] = await client.stableGroup('g', 2)
    void client.join('g', { memberId: follower!.memberId, protocols: [{ name: 'range', metadata: subscription('bills') }] })
    await client.clock.advance(0)
    expect(await client.heartbeat('g', leader!)).toBe(27)
  })

  it('answers a member again that missed its answer, while the assignment is waited for', async () => {
    const client = new GroupClient()
    const join = client.join('g')
    await client.clock.advance(3000)
    const joined = await join
    expect(await client.join('g', { memberId: joined.memberId })).toEqual(joined)
  })

  it('is over when all have joined: the time that was left does not count any more', async () => {
    const client = new GroupClient()
    const [first] = await client.stableGroup('g', 1, { sessionTimeoutMs: 300_000 })
    const newcomer = client.join('g', { sessionTimeoutMs: 300_000 })
    await client.clock.advance(0)
    const leads = await client.join('g', { memberId: first!.memberId, sessionTimeoutMs: 300_000 })
    await Promise.all([client.sync('g', leads), client.sync('g', await newcomer)])
    await client.clock.advance(2 * REBALANCE_MS)
    expect(await client.heartbeat('g', leads)).toBe(0)
  })

  it('does not begin early because a member is lost, while others have not joined', async () => {
    const client = new GroupClient()
    const [slow, lost] = await client.joined('g', { sessionTimeoutMs: 300_000 }, {})
    await Promise.all([client.sync('g', lost!), client.sync('g', slow!)])
    void client.join('g')
    await client.clock.advance(SESSION_MS)
    expect(await client.describe('g')).toMatchObject({ groupState: 'PreparingRebalance' })
    expect(await client.heartbeat('g', lost!)).toBe(25)
    expect(await client.heartbeat('g', slow!)).toBe(27)
  })

  it('waits for new members that were given an id, until their session timeout', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g', 1, { sessionTimeoutMs: 30_000 })
    const request = firstJoin('g')
    await client.ask('JoinGroup', request)
    let answered = false
    const again = client.join('g', { memberId: member!.memberId }).then(() => (answered = true))
    await client.clock.advance(SESSION_MS - 1)
    expect(answered).toBe(false)
    await client.clock.advance(1)
    await again
  })
})

describe('staying in a group', () => {
  it('keeps a member whose heartbeats come within its session timeout, and removes one whose do not', async () => {
    const client = new GroupClient()
    const [kept, lost] = await client.stableGroup('g', 2)
    await client.clock.advance(SESSION_MS - 1)
    expect(await client.heartbeat('g', kept!)).toBe(0)
    await client.clock.advance(1)
    expect(await client.heartbeat('g', kept!)).toBe(27)
    expect(await client.heartbeat('g', lost!)).toBe(25)
  })

  it('counts offset commits as heartbeats', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    await client.clock.advance(SESSION_MS - 1)
    await client.commit('g', { 'orders-0': 1 }, { memberId: member!.memberId, generationIdOrMemberEpoch: 1 })
    await client.clock.advance(SESSION_MS - 1)
    expect(await client.heartbeat('g', member!)).toBe(0)
  })

  it('keeps members that wait for the others, however long', async () => {
    const client = new GroupClient()
    const [leader] = await client.stableGroup('g', 1, { sessionTimeoutMs: 300_000, rebalanceTimeoutMs: 120_000 })
    const [waiting] = [client.join('g')]
    await client.clock.advance(SESSION_MS * 5)
    void client.join('g', { memberId: leader!.memberId })
    expect((await waiting).errorCode).toBe(0)
  })

  it('gives up new members that wait for more than five minutes: they cannot send heartbeats and may be gone', async () => {
    const client = new GroupClient()
    const long = { sessionTimeoutMs: 1_800_000, rebalanceTimeoutMs: 1_800_000 }
    await client.stableGroup('g', 1, long)
    const newcomer = client.join('g')
    await client.clock.advance(5 * 60_000)
    expect(await newcomer).toMatchObject({ errorCode: 25, memberId: '' })
  })

  it('refuses heartbeats of another generation (22), of strangers (25) and of groups that do not exist (25)', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    expect(await client.heartbeat('g', { ...member!, generationId: 2 })).toBe(22)
    expect(await client.heartbeat('g', { ...member!, memberId: 'stranger' })).toBe(25)
    expect(await client.heartbeat('nowhere', member!)).toBe(25)
    expect(await client.heartbeat('', member!)).toBe(24)
  })

  it('accepts heartbeats while the assignment is waited for', async () => {
    const client = new GroupClient()
    const join = client.join('g')
    await client.clock.advance(3000)
    expect(await client.heartbeat('g', await join)).toBe(0)
  })

  it('ends for a member that is silent after it had its share, however long it had waited for it', async () => {
    const client = new GroupClient()
    const [leader, silent] = await client.joined('g', { sessionTimeoutMs: 100_000 }, {})
    const waiting = client.sync('g', silent!)
    await client.clock.advance(SESSION_MS * 2)
    await Promise.all([client.sync('g', leader!), waiting])
    await client.clock.advance(SESSION_MS)
    expect(await client.heartbeat('g', silent!)).toBe(25)
  })

  it('ends once: of a member that left it disturbs nobody later', async () => {
    const client = new GroupClient()
    const [stays, leaves] = await client.stableGroup('g', 2)
    await client.leave('g', { memberId: leaves!.memberId })
    const again = await client.join('g', { memberId: stays!.memberId })
    await client.sync('g', again)
    await client.clock.advance(SESSION_MS / 2)
    await client.heartbeat('g', again)
    await client.clock.advance(SESSION_MS / 2)
    expect(await client.heartbeat('g', again)).toBe(0)
  })

  it('ends for a member that is silent after it was told to join again, however long it had waited', async () => {
    const client = new GroupClient()
    const [leader, silent] = await client.joined('g', { sessionTimeoutMs: 100_000 }, {})
    const waiting = client.sync('g', silent!)
    await client.clock.advance(SESSION_MS * 2)
    const again = client.join('g', { memberId: leader!.memberId, protocols: [{ name: 'range', metadata: subscription('bills') }] })
    expect((await waiting).errorCode).toBe(27)
    await client.clock.advance(SESSION_MS)
    expect(await again).toMatchObject({ errorCode: 0, generationId: 2 })
    expect(await client.heartbeat('g', silent!)).toBe(25)
  })
})

describe('leaving a group', () => {
  it('makes the others rebalance; the last one leaves it empty', async () => {
    const client = new GroupClient()
    const [first, second] = await client.stableGroup('g', 2)
    expect(await client.leave('g', { memberId: first!.memberId })).toEqual([0])
    expect(await client.heartbeat('g', second!)).toBe(27)
    expect(await client.leave('g', { memberId: second!.memberId })).toEqual([0])
    expect(await client.describe('g')).toMatchObject({ groupState: 'Empty', protocolType: 'consumer', members: [] })
  })

  it('names errors by member: unknown (25), fenced (82)', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g', 1, { groupInstanceId: 'i' })
    expect(await client.leave('g', { memberId: 'stranger' })).toEqual([25])
    expect(await client.heartbeat('g', member!)).toBe(0)
    const left = await client.leave(
      'g',
      { memberId: 'stranger' },
      { memberId: 'old', groupInstanceId: 'i-0' },
      { memberId: '', groupInstanceId: 'nobody' },
      { memberId: '' },
      { memberId: member!.memberId, groupInstanceId: 'i-0' },
    )
    expect(left).toEqual([25, 82, 25, 25, 0])
    expect(await client.leave('nowhere', { memberId: 'm' })).toEqual([25])
    expect(await client.leave('', { memberId: 'm' })).toEqual([24])
  })

  it('lets an administrator remove a static member by its instance id alone', async () => {
    const client = new GroupClient()
    await client.stableGroup('g', 1, { groupInstanceId: 'i' })
    expect(await client.leave('g', { memberId: '', groupInstanceId: 'i-0' })).toEqual([0])
    expect((await client.describe('g')).groupState).toBe('Empty')
  })

  it('answers the one member before version 3 at the top', async () => {
    const client = new GroupClient()
    const [member] = await client.stableGroup('g')
    expect((await client.ask('LeaveGroup', { groupId: 'g', memberId: 'stranger' }, { version: 2 })).errorCode).toBe(25)
    expect((await client.ask('LeaveGroup', { groupId: 'g', memberId: member!.memberId }, { version: 2 })).errorCode).toBe(0)
  })

  it('answers requests of the removed member that still wait (25)', async () => {
    const client = new GroupClient()
    const [, follower] = await client.joined('g', {}, {})
    const waiting = client.sync('g', follower!)
    await client.leave('g', { memberId: follower!.memberId })
    expect((await waiting).errorCode).toBe(25)
  })

  it('forgets a new member that was only given an id', async () => {
    const client = new GroupClient()
    const request = firstJoin('g')
    const { memberId } = await client.ask('JoinGroup', request)
    expect(await client.leave('g', { memberId })).toEqual([0])
    expect((await client.ask('JoinGroup', { ...request, memberId })).errorCode).toBe(25)
  })
})
