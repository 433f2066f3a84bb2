import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { GroupMember, onlyMember, settled, subscription, type MemberOptions } from '../group-member.ts'
import { coordinated, eventually, newName, newTopic, produce } from '../raw-requests.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

export function groupCases(stage: Stage): void {
  async function member(options: MemberOptions): Promise<GroupMember> {
    return new GroupMember(await stage.connect(), options)
  }

  async function alone(options: Partial<MemberOptions> = {}): Promise<GroupMember> {
    return onlyMember(await stage.connect(), { group: newName('group'), ...options })
  }

  describe('FindCoordinator', () => {
    it.each(versions('FindCoordinator'))('names the broker for groups and transactional ids (version %i)', async (version) => {
      const raw = await stage.connect()
      const [host, port] = stage.address.split(':')
      for (const keyType of version === 0 ? [0] : [0, 1]) {
        const key = newName('key')
        const found = await coordinated(async () => {
          const answer = await raw.send('FindCoordinator', version, version < 4 ? { key, keyType } : { keyType, coordinatorKeys: [key] })
          return version < 4 ? answer : answer.coordinators[0]!
        })
        expect(found).toMatchObject({ errorCode: 0, nodeId: 1, host, port: Number(port) })
      }
    })

    it('names it for several keys at once', async () => {
      const raw = await stage.connect()
      const { coordinators } = await raw.send('FindCoordinator', 4, { keyType: 0, coordinatorKeys: ['a', 'b'] })
      expect(coordinators.map(({ key }) => key).sort()).toEqual(['a', 'b'])
    })

    it('refuses a kind of key it does not know', async () => {
      const raw = await stage.connect()
      expect(await raw.send('FindCoordinator', 2, { key: 'a', keyType: 9 })).toMatchObject({ errorCode: Errors.INVALID_REQUEST })
    })
  })

  describe('JoinGroup and SyncGroup', () => {
    it.each(versions('JoinGroup'))('make the first member the leader, and give it what it assigned (JoinGroup %i)', async (joinVersion) => {
      const one = await member({ group: newName('group'), joinVersion })
      const joined = await one.join()
      expect(joined).toMatchObject({ errorCode: 0, generationId: 1, protocolName: 'range', leader: one.memberId, memberId: one.memberId })
      expect(joined.members).toMatchObject([{ memberId: one.memberId }])
      expect(one.memberId).toMatch(/^raw-client-[0-9a-f-]{36}$/)
      expect(await one.sync({ [one.memberId]: 'mine' })).toMatchObject({ errorCode: 0, assignment: Buffer.from('mine') })
    })

    it.each(versions('SyncGroup'))('give each member its part (SyncGroup %i)', async (version) => {
      const one = await alone()
      expect(await one.sync({}, version)).toMatchObject({ errorCode: 0, assignment: Buffer.from('all') })
    })

    it('ask new members for the id they were given, from version 4 on', async () => {
      const one = await member({ group: newName('group'), joinVersion: 4 })
      const refused = await coordinated(() => one.joinOnce())
      expect(refused).toMatchObject({ errorCode: Errors.MEMBER_ID_REQUIRED, generationId: -1 })
      expect(refused.memberId).not.toBe('')
    })

    it('wait for all members, and let the leader assign', async () => {
      const group = newName('group')
      const one = await alone({ group })
      const two = await member({ group })
      const joining = two.join()
      await eventually(() => one.heartbeat(), (error) => error === Errors.REBALANCE_IN_PROGRESS) // prettier-ignore
      const again = await one.join()
      const joined = await joining
      expect(again).toMatchObject({ errorCode: 0, generationId: 2, leader: one.memberId })
      expect(again.members.map(({ memberId }) => memberId).sort()).toEqual([one.memberId, two.memberId].sort())
      expect(joined).toMatchObject({ errorCode: 0, generationId: 2, leader: one.memberId, members: [] })
      const waiting = two.sync()
      expect(await one.sync({ [one.memberId]: 'first', [two.memberId]: 'second' })).toMatchObject({ assignment: Buffer.from('first') })
      expect(await waiting).toMatchObject({ errorCode: 0, assignment: Buffer.from('second') })
      expect(await one.heartbeat()).toBe(0)
    })

    it('choose the protocol that all members can', async () => {
      const group = newName('group')
      const [one, two] = [await member({ group, protocols: ['a', 'b'] }), await member({ group, protocols: ['b', 'c'] })]
      await one.join()
      const joining = two.join()
      await eventually(() => one.heartbeat(), (error) => error === Errors.REBALANCE_IN_PROGRESS) // prettier-ignore
      expect(await one.join()).toMatchObject({ protocolName: 'b' })
      expect(await joining).toMatchObject({ protocolName: 'b' })
    })

    it('refuse members whose protocols do not fit', async () => {
      const { options } = await alone()
      const others = [await member({ ...options, protocols: ['other'] }), await member({ ...options, protocolType: 'connect' })]
      for (const other of others) expect(await other.join()).toMatchObject({ errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL })
    })

    it.each<[string, Partial<MemberOptions>, number]>([
      ['an empty group id', { group: '' }, Errors.INVALID_GROUP_ID],
      ['a session timeout that is too short', { sessionTimeoutMs: 1 }, Errors.INVALID_SESSION_TIMEOUT],
      ['a session timeout that is too long', { sessionTimeoutMs: 2_000_000 }, Errors.INVALID_SESSION_TIMEOUT],
      ['no protocols', { protocols: [] }, Errors.INCONSISTENT_GROUP_PROTOCOL],
    ])('refuse %s', async (_, options, errorCode) => {
      const one = await member({ group: newName('group'), ...options })
      expect(await one.join()).toMatchObject({ errorCode })
    })

    it('do not know members of others', async () => {
      const one = await alone()
      const stranger = await member(one.options)
      stranger.memberId = 'nobody'
      stranger.generation = 1
      expect(await stranger.joinOnce()).toMatchObject({ errorCode: Errors.UNKNOWN_MEMBER_ID })
      expect(await stranger.sync()).toMatchObject({ errorCode: Errors.UNKNOWN_MEMBER_ID })
      expect(await stranger.heartbeat()).toBe(Errors.UNKNOWN_MEMBER_ID)
      expect((await stranger.leave()).members).toMatchObject([{ errorCode: Errors.UNKNOWN_MEMBER_ID }])
      expect(await one.heartbeat()).toBe(0)
    })

    it('refuse an old generation', async () => {
      const one = await alone()
      one.generation = 0
      expect(await one.sync()).toMatchObject({ errorCode: Errors.ILLEGAL_GENERATION })
      expect(await one.heartbeat()).toBe(Errors.ILLEGAL_GENERATION)
      expect(await one.commit(await newTopic(one.raw), 1)).toBe(Errors.ILLEGAL_GENERATION)
    })

    it('go on without a member that does not come back in its rebalance timeout', async () => {
      const group = newName('group')
      const lost = await alone({ group, rebalanceTimeoutMs: 2_000 })
      const one = await member({ group, rebalanceTimeoutMs: 2_000 })
      expect(await one.join()).toMatchObject({ errorCode: 0, generationId: 2, leader: one.memberId, members: [{ memberId: one.memberId }] })
      expect(await lost.heartbeat()).toBe(Errors.UNKNOWN_MEMBER_ID)
    })

    it('remove a member whose session is over', async () => {
      const one = await alone({ sessionTimeoutMs: 5_000 })
      const raw = await stage.connect()
      await eventually(
        () => raw.send('DescribeGroups', 5, { groups: [one.options.group] }),
        ({ groups }) => groups[0]!.groupState === 'Empty',
      )
      expect(await one.heartbeat()).toBe(Errors.UNKNOWN_MEMBER_ID)
    })

    it('keep a member that sends heartbeats', async () => {
      const one = await alone({ sessionTimeoutMs: 10_000 })
      for (let time = 0; time < 12; time++) {
        await new Promise((resolve) => setTimeout(resolve, 1000))
        expect(await one.heartbeat()).toBe(0)
      }
    })

    it('answer a member that joins again as it was, when nothing changed', async () => {
      const group = newName('group')
      const [one, two] = [await member({ group }), await member({ group })]
      await one.join()
      const joining = two.join()
      await eventually(() => one.heartbeat(), (error) => error === Errors.REBALANCE_IN_PROGRESS) // prettier-ignore
      await one.join()
      await joining
      await Promise.all([one.sync({ [one.memberId]: '1', [two.memberId]: '2' }), two.sync()])
      expect(await two.join()).toMatchObject({ errorCode: 0, generationId: 2, leader: one.memberId })
      expect(await one.heartbeat()).toBe(0)
    })

    it.each(versions('Heartbeat'))('Heartbeat %i keeps the session', async (version) => {
      expect(await (await alone()).heartbeat(version)).toBe(0)
    })
  })

  describe('LeaveGroup', () => {
    it.each(versions('LeaveGroup'))('makes the others rebalance (version %i)', async (version) => {
      const group = newName('group')
      const one = await alone({ group })
      const two = await member({ group })
      const joining = two.join()
      await eventually(() => one.heartbeat(), (error) => error === Errors.REBALANCE_IN_PROGRESS) // prettier-ignore
      await one.join()
      await joining
      await Promise.all([one.sync({ [one.memberId]: '1', [two.memberId]: '2' }), two.sync()])
      const left = await one.leave(version)
      expect(left.errorCode).toBe(0)
      if (version >= 3) expect(left.members).toMatchObject([{ memberId: one.memberId, errorCode: 0 }])
      expect(await two.heartbeat()).toBe(Errors.REBALANCE_IN_PROGRESS)
      expect(await two.join()).toMatchObject({ errorCode: 0, leader: two.memberId, members: [{ memberId: two.memberId }] })
    })
  })

  describe('static members', () => {
    it('take their place again, without a rebalance', async () => {
      const options = { group: newName('group'), instance: 'i1' }
      const before = await alone(options)
      const back = await member(options)
      expect(await back.join()).toMatchObject({ errorCode: 0, generationId: before.generation })
      expect(back.memberId).not.toBe(before.memberId)
      expect(back.memberId).toMatch(/^i1-/)
      expect(await back.sync()).toMatchObject({ errorCode: 0, assignment: Buffer.from('all') })
      expect(await before.heartbeat()).toBe(Errors.FENCED_INSTANCE_ID)
      expect(await before.commit(await newTopic(before.raw), 1)).toBe(Errors.FENCED_INSTANCE_ID)
    })

    it('are not asked to come back with their id', async () => {
      const one = await member({ group: newName('group'), instance: 'i1' })
      expect(await coordinated(() => one.joinOnce())).toMatchObject({ errorCode: 0, members: [{ groupInstanceId: 'i1' }] })
    })

    it('can be removed by their instance id', async () => {
      const one = await alone({ instance: 'i1' })
      const raw = await stage.connect()
      const answer = await raw.send('LeaveGroup', 3, { groupId: one.options.group, members: [{ memberId: '', groupInstanceId: 'i1' }] })
      expect(answer).toMatchObject({ errorCode: 0, members: [{ groupInstanceId: 'i1', errorCode: 0 }] })
      const unknown = await raw.send('LeaveGroup', 3, { groupId: one.options.group, members: [{ memberId: '', groupInstanceId: 'i2' }] })
      expect(unknown.members).toMatchObject([{ groupInstanceId: 'i2', errorCode: Errors.UNKNOWN_MEMBER_ID }])
    })
  })

  describe('ListGroups, DescribeGroups and DeleteGroups', () => {
    it.each(versions('DescribeGroups'))('tell the members of a group (DescribeGroups %i)', async (version) => {
      const one = await alone()
      const raw = await stage.connect()
      const { groups } = await raw.send('DescribeGroups', version, { groups: [one.options.group] })
      expect(groups).toMatchObject([
        {
          errorCode: 0,
          groupId: one.options.group,
          groupState: 'Stable',
          protocolType: 'consumer',
          protocolData: 'range',
          members: [{ memberId: one.memberId, clientId: 'raw-client', clientHost: '/127.0.0.1', memberAssignment: Buffer.from('all') }],
        },
      ])
    })

    it('tell what members sent, however large, whatever came since', async () => {
      const [userData, assignment] = [Buffer.alloc(100_000, 'metadata'), Buffer.alloc(100_000, 'assignment')]
      const one = await member({ group: newName('group'), userData })
      await one.join()
      await one.sync({ [one.memberId]: assignment })
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      for (let time = 0; time < 5; time++) await produce(raw, topic, [{ value: 'x'.repeat(100_000) }])
      const { groups } = await raw.send('DescribeGroups', 5, { groups: [one.options.group] })
      expect(groups[0]!.members[0]!.memberMetadata.equals(subscription([], userData))).toBe(true)
      expect(groups[0]!.members[0]!.memberAssignment.equals(assignment)).toBe(true)
    })

    it('tell the state of a group while it changes', async () => {
      const raw = await stage.connect()
      const one = await member({ group: newName('group') })
      await one.join()
      const state = async () => (await raw.send('DescribeGroups', 5, { groups: [one.options.group] })).groups[0]!.groupState
      expect(await state()).toBe('CompletingRebalance')
      await one.sync({ [one.memberId]: 'x' })
      expect(await state()).toBe('Stable')
      await one.leave()
      expect(await state()).toBe('Empty')
    })

    it('say that a group is dead when there is none', async () => {
      const raw = await stage.connect()
      const group = newName('absent')
      expect((await raw.send('DescribeGroups', 5, { groups: [group] })).groups).toMatchObject([
        { errorCode: 0, groupId: group, groupState: 'Dead', members: [] },
      ])
      expect((await raw.send('DescribeGroups', 6, { groups: [group] })).groups).toMatchObject([
        { errorCode: Errors.GROUP_ID_NOT_FOUND, groupState: 'Dead' },
      ])
    })

    it.each(versions('ListGroups'))('list groups (ListGroups %i)', async (version) => {
      const one = await alone()
      const raw = await stage.connect()
      const { errorCode, groups } = await raw.send('ListGroups', version, {})
      expect(errorCode).toBe(0)
      const listed = groups.find(({ groupId }) => groupId === one.options.group)
      expect(listed).toMatchObject({ protocolType: 'consumer' })
      if (version >= 4) expect(listed).toMatchObject({ groupState: 'Stable' })
      if (version >= 5) expect(listed).toMatchObject({ groupType: 'classic' })
    })

    it('list groups of the states and types that are asked for', async () => {
      const one = await alone()
      const raw = await stage.connect()
      const listed = async (statesFilter: string[], typesFilter: string[]) =>
        (await raw.send('ListGroups', 5, { statesFilter, typesFilter })).groups.some(({ groupId }) => groupId === one.options.group)
      expect(await listed(['Stable'], [])).toBe(true)
      expect(await listed(['Empty', 'Dead'], [])).toBe(false)
      expect(await listed([], ['classic'])).toBe(true)
      expect(await listed([], ['consumer'])).toBe(false)
    })

    it.each(versions('DeleteGroups'))('delete an empty group, with its offsets (DeleteGroups %i)', async (version) => {
      const one = await alone()
      const group = one.options.group
      const remove = async () => (await one.raw.send('DeleteGroups', version, { groupsNames: [group] })).results
      expect(await remove()).toMatchObject([{ groupId: group, errorCode: Errors.NON_EMPTY_GROUP }])
      await one.leave()
      expect(await remove()).toMatchObject([{ groupId: group, errorCode: 0 }])
      expect(await remove()).toMatchObject([{ groupId: group, errorCode: Errors.GROUP_ID_NOT_FOUND }])
    })
  })

  describe('a group of five members', () => {
    it('gets from generation to generation, as members come and go', async () => {
      const group = newName('group')
      const members = await Promise.all(Array.from({ length: 5 }, () => member({ group })))
      const five = await settled(members)
      expect([...five.assignments]).toEqual(members.map(({ memberId }) => `part of ${memberId}`))
      await members.pop()!.leave()
      const four = await settled(members)
      expect(four.generation).toBeGreaterThan(five.generation)
      expect([...four.assignments]).toEqual(members.map(({ memberId }) => `part of ${memberId}`))
    })
  })
}
