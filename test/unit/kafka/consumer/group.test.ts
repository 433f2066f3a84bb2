import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Consumer } from '../../../../src/kafka/ports.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import type { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'
import {
  append,
  numbers,
  openConsumer,
  pollRecords,
  pollUntil,
  RecordingListener,
  startCluster,
  textOf,
  valuesOf,
} from './open-consumer.ts'

const T0 = { topic: 't', partition: 0 }
const GROUP = { 'group.id': 'g' }

async function join(consumer: Consumer, listener: RecordingListener): Promise<void> {
  consumer.subscribe(['t'], listener)
  await pollUntil(consumer, () => listener.calls.length > 0)
}

/** A member, which does not poll, and one whose JoinGroup waits for it. */
async function oneInAndOneJoining(cluster: ScriptedCluster): Promise<{ first: Consumer; second: Consumer }> {
  const [first, second] = [await openConsumer(cluster, GROUP), await openConsumer(cluster, GROUP)]
  await join(first, new RecordingListener())
  second.subscribe(['t'], new RecordingListener())
  await second.poll(0)
  await cluster.until(() => cluster.groupState('g').members.size === 2)
  return { first, second }
}

describe('group member', () => {
  it('joins with the member id it is told to use, and reports its partitions before the first record', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    append(cluster, 't', 0, ['a'])
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    consumer.subscribe(['t'], listener)
    await pollRecords(consumer, 1)
    expect(listener.calls).toEqual(['assigned t-0,t-1'])
    const joins = cluster.requestsOf('JoinGroup').map(({ request }) => request.memberId)
    expect(joins).toEqual(['', consumer.groupMetadata().memberId])
    expect(consumer.groupMetadata()).toMatchObject({ groupId: 'g', generationId: 1, groupInstanceId: null })
  })

  it('joins with max.poll.interval.ms and request.timeout.ms of Integer.MAX_VALUE', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, ['a'])
    const unlimited = { 'max.poll.interval.ms': '2147483647', 'request.timeout.ms': '2147483647' }
    const consumer = await openConsumer(cluster, { ...GROUP, ...unlimited })
    consumer.subscribe(['t'], new RecordingListener())
    await pollRecords(consumer, 1)
    expect(cluster.requestsOf('JoinGroup')).toHaveLength(2) // the second with the member id that the first was given
  })

  it('reports an empty assignment, and an empty revoke not', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const [first, second] = [await openConsumer(cluster, GROUP), await openConsumer(cluster, GROUP)]
    const [one, two] = [new RecordingListener(), new RecordingListener()]
    await join(first, one)
    second.subscribe(['t'], two)
    await Promise.all([pollUntil(first, () => one.calls.length === 3), pollUntil(second, () => two.calls.length === 1)])
    expect([one.calls, two.calls].flat().toSorted()).toEqual(['assigned', 'assigned t-0', 'assigned t-0', 'revoked t-0'])
    await Promise.all([first.close(), second.close()])
    expect([one.calls, two.calls].flat().filter((call) => call.startsWith('revoked'))).toEqual(['revoked t-0', 'revoked t-0'])
  })

  it('K24: a rebalance that begins between polls waits for the next; the revoke may commit and is awaited before JoinGroup', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 5))
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    consumer.subscribe(['t'], listener)
    await pollRecords(consumer, 5)
    const joinsBefore = cluster.requestsOf('JoinGroup').length
    cluster.groupState('g').rebalance()
    await sleep(300)
    expect(listener.calls).toEqual(['assigned t-0'])
    const order: string[] = []
    cluster.onRequest('*', ({ api }) => void order.push(api))
    listener.onCall = async (call) => {
      if (call !== 'revoked') return
      await sleep(50)
      await consumer.commit([{ ...T0, offset: 5 }])
    }
    await pollUntil(consumer, () => listener.calls.length === 3)
    expect(listener.calls).toEqual(['assigned t-0', 'revoked t-0', 'assigned t-0'])
    expect(cluster.committed('g', 't', 0)).toBe(5)
    expect(order.indexOf('OffsetCommit')).toBeLessThan(order.indexOf('JoinGroup'))
    expect(cluster.requestsOf('JoinGroup').length).toBe(joinsBefore + 1)
    expect(await consumer.position(T0)).toBe(5)
  })

  it('what was fetched before a revoke is never handed out: reading starts at the committed offset, paused partitions too', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    for (const partition of [0, 1]) for (const from of [0, 4]) append(cluster, 't', partition, numbers(from, from + 4))
    const consumer = await openConsumer(cluster, { ...GROUP, 'max.poll.records': '2', 'max.partition.fetch.bytes': '100' })
    const listener = new RecordingListener()
    const seen: string[] = []
    listener.onCall = (call) => Promise.resolve(void seen.push(call))
    consumer.subscribe(['t'], listener)
    while (!seen.includes('t-0@1=1')) seen.push(...textOf(await consumer.poll(100)))
    consumer.pause([{ topic: 't', partition: 1 }])
    await consumer.commit([{ ...T0, offset: 1 }])
    cluster.groupState('g').rebalance()
    const beats = cluster.requestsOf('Heartbeat').length
    await cluster.until(() => cluster.requestsOf('Heartbeat').length > beats + 1) // the answer to the first of them is in
    const after = () => seen.slice(seen.lastIndexOf('assigned') + 1)
    while (!seen.includes('revoked') || !after().includes('t-1@7=7')) seen.push(...textOf(await consumer.poll(100)))
    expect(seen.slice(seen.indexOf('revoked') + 1, seen.lastIndexOf('assigned'))).toEqual([])
    const of = (partition: number) =>
      after()
        .filter((each) => each.startsWith(`t-${partition}@`))
        .map((each) => Number(each.split('=')[1]))
    expect([of(0).at(0), of(1)]).toEqual([1, numbers(0, 8)])
    expect(of(0)).toEqual(numbers(1, 1 + of(0).length))
  })

  it('heartbeats go on while nobody polls', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, { ...GROUP, 'session.timeout.ms': '1500' })
    const listener = new RecordingListener()
    await join(consumer, listener)
    await sleep(2500)
    await consumer.commit([{ ...T0, offset: 0 }])
    await consumer.poll(50)
    expect(listener.calls).toEqual(['assigned t-0'])
  })

  it('K26: a poll later than max.poll.interval.ms leaves, is told so, cannot commit, and starts again at the committed offset', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    append(cluster, 't', 0, numbers(0, 5))
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { ...GROUP, 'max.poll.interval.ms': '1000' }, log)
    const listener = new RecordingListener()
    consumer.subscribe(['t'], listener)
    await pollRecords(consumer, 5)
    await consumer.commit([{ ...T0, offset: 2 }])
    await cluster.until(() => cluster.requestsOf('LeaveGroup').length === 1)
    await expect(consumer.commit([{ ...T0, offset: 5 }])).rejects.toMatchObject({ code: 'COMMIT_FAILED' })
    expect(valuesOf(await pollRecords(consumer, 3))).toEqual(['2', '3', '4'])
    expect(listener.calls).toEqual(['assigned t-0', 'lost t-0', 'assigned t-0'])
    expect(log.lines.join('\n')).toContain('consumer poll timeout has expired')
  })

  it('K26: an application that stops polling during a join does not keep joining', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, { ...GROUP, 'max.poll.interval.ms': '200' })
    const listener = new RecordingListener()
    cluster.onRequest('SyncGroup', () => ({ do: 'error', code: 27 }))
    consumer.subscribe(['t'], listener)
    await consumer.poll(0)
    await cluster.until(() => cluster.requestsOf('LeaveGroup').length > 0)
    const joins = cluster.requestsOf('JoinGroup').length
    await sleep(300)
    expect(cluster.requestsOf('JoinGroup').length).toBeLessThanOrEqual(joins + 1)
    expect(listener.calls).toEqual([])
  })

  it('a heartbeat that is late because the event loop was blocked is logged with its delay', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const log = new CollectingLogger()
    const consumer = await openConsumer(cluster, { ...GROUP, 'session.timeout.ms': '300' }, log)
    await join(consumer, new RecordingListener())
    const until = performance.now() + 250
    while (performance.now() < until);
    await pollUntil(consumer, () => log.lines.some((line) => /^WARN Heartbeat is \d+ ms late: the event loop was blocked/.test(line)))
  })

  it('a poll that waits longer than max.poll.interval.ms stays a member', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, { ...GROUP, 'max.poll.interval.ms': '200' })
    const listener = new RecordingListener()
    await join(consumer, listener)
    await consumer.poll(600)
    expect(listener.calls).toEqual(['assigned t-0'])
  })

  it('K27: ILLEGAL_GENERATION from a heartbeat loses the partitions, and the member joins again under its id', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    const { memberId } = consumer.groupMetadata()
    cluster.once('Heartbeat', { do: 'error', code: 22 })
    await pollUntil(consumer, () => listener.calls.length === 3)
    expect(listener.calls).toEqual(['assigned t-0', 'lost t-0', 'assigned t-0'])
    expect(cluster.requestsOf('JoinGroup').at(-1)!.request.memberId).toBe(memberId)
  })

  it('K27: UNKNOWN_MEMBER_ID from a heartbeat loses the partitions, and the member joins as a new one', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    const { memberId } = consumer.groupMetadata()
    cluster.groupState('g').remove(memberId)
    await pollUntil(consumer, () => listener.calls.length === 3)
    expect(listener.calls).toEqual(['assigned t-0', 'lost t-0', 'assigned t-0'])
    expect(cluster.requestsOf('JoinGroup').map(({ request }) => request.memberId)).toEqual([
      '',
      memberId,
      '',
      consumer.groupMetadata().memberId,
    ])
  })

  it.each(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])(
    'K27: %s from a commit rejects it as CommitFailedException and loses the partitions',
    async (name) => {
      const cluster = await startCluster({ topics: { t: 1 } })
      const consumer = await openConsumer(cluster, { ...GROUP, 'heartbeat.interval.ms': '20000' })
      const listener = new RecordingListener()
      await join(consumer, listener)
      if (name === 'ILLEGAL_GENERATION') cluster.once('OffsetCommit', { do: 'error', code: 22 })
      else cluster.groupState('g').remove(consumer.groupMetadata().memberId)
      await expect(consumer.commit([{ ...T0, offset: 1 }])).rejects.toMatchObject({
        javaName: 'org.apache.kafka.clients.consumer.CommitFailedException',
        cause: { code: name },
      })
      await expect(consumer.commit([{ ...T0, offset: 1 }])).rejects.toMatchObject({ code: 'COMMIT_FAILED' })
      await pollUntil(consumer, () => listener.calls.length === 3)
      expect(listener.calls).toEqual(['assigned t-0', 'lost t-0', 'assigned t-0'])
    },
  )

  it('K27: a fenced static member is told its partitions are lost, and every later call fails', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const props = { ...GROUP, 'group.instance.id': 'one' }
    const [older, newer] = [await openConsumer(cluster, props), await openConsumer(cluster, props)]
    const [first, second] = [new RecordingListener(), new RecordingListener()]
    await join(older, first)
    await join(newer, second)
    await expect(pollUntil(older, () => false)).rejects.toMatchObject({ code: 'FENCED_INSTANCE_ID', fenced: true })
    await expect(older.poll(0)).rejects.toMatchObject({ code: 'FENCED_INSTANCE_ID' })
    await expect(older.commit([{ ...T0, offset: 1 }])).rejects.toMatchObject({ code: 'FENCED_INSTANCE_ID' })
    expect(first.calls).toEqual(['assigned t-0', 'lost t-0'])
    expect(second.calls).toEqual(['assigned t-0'])
  })

  it('K29: a static member does not leave when it closes, and takes its place without a rebalance', async () => {
    const cluster = await startCluster({ topics: { t: 2 } })
    const other = await openConsumer(cluster, { ...GROUP, 'group.instance.id': 'other' })
    const props = { ...GROUP, 'group.instance.id': 'one' }
    const [listener, others] = [new RecordingListener(), new RecordingListener()]
    await join(other, others)
    const before = await openConsumer(cluster, props)
    before.subscribe(['t'], listener)
    await Promise.all([pollUntil(before, () => listener.calls.length === 1), pollUntil(other, () => others.calls.length === 3)])
    await before.close()
    expect(cluster.requestsOf('LeaveGroup')).toEqual([])
    const again = new RecordingListener()
    await join(await openConsumer(cluster, props), again)
    await pollUntil(other, () => true)
    expect(again.calls).toEqual([listener.calls[0]])
    expect(others.calls).toHaveLength(3)
  })

  it('a commit while the group rebalances is refused as retriable', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    cluster.once('OffsetCommit', { do: 'error', code: 27 })
    await expect(consumer.commit([{ ...T0, offset: 1 }])).rejects.toMatchObject({ code: 'REBALANCE_IN_PROGRESS' })
    const release = Promise.withResolvers<void>()
    cluster.onRequest('JoinGroup', () => release.promise)
    await pollUntil(consumer, () => listener.calls.length === 2)
    await expect(consumer.commit([{ ...T0, offset: 1 }])).rejects.toMatchObject({ code: 'REBALANCE_IN_PROGRESS' })
    release.resolve()
  })

  it('concurrent commits reach the coordinator in call order, each with its outcome', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    await join(consumer, new RecordingListener())
    cluster.once('OffsetCommit', { do: 'error', code: 14 })
    cluster.once('OffsetCommit', { do: 'error', code: 29 }, ({ request }) => request.partitions[0]!.offset === 2)
    const commits = [1, 2, 3].map((offset) => consumer.commit([{ ...T0, offset }]))
    const outcomes = await Promise.allSettled(commits)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(cluster.requestsOf('OffsetCommit').map(({ request }) => request.partitions[0]!.offset)).toEqual([1, 1, 2, 3])
    expect(cluster.committed('g', 't', 0)).toBe(3)
  })

  it('a commit that is repeated after a rebalance does not speak for the new generation', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    cluster.once('OffsetCommit', { do: 'silence' })
    const old = consumer.commit([{ ...T0, offset: 1 }])
    const outcome = expect(old).rejects.toMatchObject({ code: 'COMMIT_FAILED' })
    cluster.groupState('g').rebalance()
    await pollUntil(consumer, () => listener.calls.length === 3)
    cluster.cutConnections(1)
    await outcome
    expect(cluster.requestsOf('OffsetCommit').map(({ request }) => request.generationId)).toEqual([1, 1])
    expect(cluster.committed('g', 't', 0)).toBe(-1)
    await consumer.commit([{ ...T0, offset: 2 }])
    expect(listener.calls).toHaveLength(3)
  })

  it('a static member’s commit of before it was given a new member id fails, and the member stays', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, { ...GROUP, 'group.instance.id': 'i' })
    const listener = new RecordingListener()
    await join(consumer, listener)
    cluster.once('OffsetCommit', { do: 'silence' })
    const old = consumer.commit([{ ...T0, offset: 1 }])
    const outcome = expect(old).rejects.toMatchObject({ code: 'COMMIT_FAILED', cause: { code: 'FENCED_INSTANCE_ID' } })
    cluster.once('Heartbeat', { do: 'error', code: 25 })
    await pollUntil(consumer, () => listener.calls.length === 3)
    cluster.cutConnections(1)
    await outcome
    await consumer.commit([{ ...T0, offset: 2 }])
    expect(listener.calls).toEqual(['assigned t-0', 'lost t-0', 'assigned t-0'])
  })

  it('K28: a coordinator that moves, loads or drops the connection costs no rebalance', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    cluster.setCoordinator('g', 2)
    await consumer.commit([{ ...T0, offset: 1 }])
    cluster.once('Heartbeat', { do: 'error', code: 14 })
    cluster.once('OffsetCommit', { do: 'error', code: 14 })
    await consumer.commit([{ ...T0, offset: 2 }])
    cluster.cutConnections(2)
    cluster.once('OffsetCommit', { do: 'lose-answer' })
    await consumer.commit([{ ...T0, offset: 3 }])
    await consumer.poll(300)
    expect(listener.calls).toEqual(['assigned t-0'])
    expect(cluster.committed('g', 't', 0)).toBe(3)
  })

  it('K28: a coordinator that comes back at another address is found there', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    cluster.setCoordinator('g', 2)
    const consumer = await openConsumer(cluster, { ...GROUP, 'default.api.timeout.ms': '5000' })
    const listener = new RecordingListener()
    await join(consumer, listener)
    const coordinator = cluster.runningNodes()[1]!
    await cluster.stopNode(2)
    coordinator.port = 0 // another one
    await cluster.startNode(2)
    await consumer.commit([{ ...T0, offset: 1 }])
    expect(cluster.committed('g', 't', 0)).toBe(1)
    expect(listener.calls).toEqual(['assigned t-0'])
  })

  it('K28: a coordinator that hangs is left when a session without an answer is over', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    const consumer = await openConsumer(cluster, { ...GROUP, 'session.timeout.ms': '400' })
    await join(consumer, new RecordingListener())
    cluster.onRequest('Heartbeat', ({ node }) => (node === 1 ? { do: 'silence', handle: true } : undefined))
    cluster.setCoordinator('g', 2)
    await pollUntil(consumer, () => cluster.requestsOf('Heartbeat').some(({ node }) => node === 2))
  })

  it('a commit that no coordinator answers fails when default.api.timeout.ms is over', async () => {
    const cluster = await startCluster({ nodes: 2, topics: { t: 1 } })
    cluster.setCoordinator('g', 2)
    const consumer = await openConsumer(cluster, { ...GROUP, 'default.api.timeout.ms': '300' })
    consumer.assign([T0])
    await cluster.stopNode(2)
    await expect(consumer.commit([{ ...T0, offset: 1 }])).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'Timeout of 300ms expired before successfully committing offsets',
    })
  })

  it.each([14, 15, 16, 27])('a join that is answered %i is tried again', async (code) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    cluster.once('JoinGroup', { do: 'error', code })
    cluster.once('SyncGroup', { do: 'error', code })
    cluster.once('OffsetFetch', { do: 'error', code: 14 })
    const listener = new RecordingListener()
    await join(consumer, listener)
    expect(listener.calls).toEqual(['assigned t-0'])
  })

  it.each([
    { code: 30, text: 'Not authorized to access group: g' },
    { code: 81, text: '' },
    { code: 23, text: '' },
  ])('a join that is refused with $code rejects from poll', async ({ code, text }) => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    cluster.onRequest('JoinGroup', () => ({ do: 'error', code }))
    consumer.subscribe(['t'], new RecordingListener())
    await expect(consumer.poll(5000)).rejects.toMatchObject({ number: code, retriable: false })
    await expect(consumer.poll(5000)).rejects.toThrow(text)
  })

  it('K36: the leader follows new partitions, and a predicate new topics', async () => {
    const cluster = await startCluster({ topics: { t: 1, other: 1 } })
    const consumer = await openConsumer(cluster, { ...GROUP, 'metadata.max.age.ms': '100' })
    const listener = new RecordingListener()
    consumer.subscribe((topic) => topic.startsWith('t'), listener)
    await pollUntil(consumer, () => listener.calls.length === 1)
    cluster.createTopic('t2', 1)
    await pollUntil(consumer, () => listener.calls.length === 3)
    cluster.addPartitions('t', 2)
    await pollUntil(consumer, () => listener.calls.length === 5)
    cluster.deleteTopic('t2')
    await pollUntil(consumer, () => listener.calls.length === 7)
    expect(listener.calls.filter((call) => call.startsWith('assigned'))).toEqual([
      'assigned t-0',
      'assigned t-0,t2-0',
      'assigned t-0,t-1,t2-0',
      'assigned t-0,t-1',
    ])
  })

  it('a topic that is subscribed to before it exists is read soon after it does', async () => {
    const cluster = await startCluster()
    const consumer = await openConsumer(cluster, { ...GROUP, 'allow.auto.create.topics': 'false' })
    const listener = new RecordingListener()
    await join(consumer, listener)
    expect(listener.calls).toEqual(['assigned'])
    cluster.createTopic('t', 1)
    append(cluster, 't', 0, ['a'])
    expect(valuesOf(await pollRecords(consumer, 1))).toEqual(['a'])
    expect(listener.calls).toEqual(['assigned', 'assigned t-0'])
  })

  it('an error of the listener rejects from poll, and the rebalance goes on with the next', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    listener.onCall = (call) => (call === 'revoked' ? Promise.reject(new Error('disk full')) : Promise.resolve())
    cluster.groupState('g').rebalance()
    await expect(pollUntil(consumer, () => false)).rejects.toThrow('disk full')
    await pollUntil(consumer, () => listener.calls.length === 3)
    expect(listener.calls).toEqual(['assigned t-0', 'revoked t-0', 'assigned t-0'])
  })

  it('K34: close revokes, commits what the listener commits, and leaves', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    listener.onCall = () => consumer.commit([{ ...T0, offset: 4 }])
    await consumer.close()
    await consumer.close()
    expect(listener.calls).toEqual(['assigned t-0', 'revoked t-0'])
    expect(cluster.committed('g', 't', 0)).toBe(4)
    expect(cluster.requestsOf('LeaveGroup')).toHaveLength(1)
    expect(cluster.groupState('g').members.size).toBe(0)
    await cluster.until(() => cluster.openConnections() === 0)
  })

  it('K34: close while a poll gives the partitions back: the listener hears it once, and the member does not join again', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    const listener = new RecordingListener()
    await join(consumer, listener)
    const revoked = Promise.withResolvers<void>()
    listener.onCall = () => revoked.promise
    const joins = cluster.requestsOf('JoinGroup').length
    cluster.groupState('g').rebalance()
    const ended = expect(consumer.poll(10_000)).rejects.toThrow('This consumer has already been closed.')
    await cluster.until(() => listener.calls.length === 2)
    const closing = consumer.close()
    revoked.resolve()
    await Promise.all([ended, closing])
    expect(listener.calls).toEqual(['assigned t-0', 'revoked t-0'])
    expect(cluster.requestsOf('JoinGroup')).toHaveLength(joins)
    expect(cluster.groupState('g').members.size).toBe(0)
  })

  it('K34: close during a join leaves at once', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const { second } = await oneInAndOneJoining(cluster)
    await second.close()
    expect(cluster.groupState('g').members.size).toBe(1)
  })

  it('K34: a member that is taken in while it leaves starts no heartbeats', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const { first, second } = await oneInAndOneJoining(cluster)
    cluster.onRequest('LeaveGroup', () => ({ do: 'silence' }))
    const closing = expect(second.close(500)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await pollUntil(first, () => first.groupMetadata().generationId === 2) // the second's JoinGroup is answered too
    await closing
    const { memberId } = first.groupMetadata()
    expect(cluster.requestsOf('Heartbeat').filter(({ request }) => request.memberId !== memberId)).toEqual([])
  })

  it('K34: close gives up on a coordinator that does not answer', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const consumer = await openConsumer(cluster, GROUP)
    await join(consumer, new RecordingListener())
    cluster.onRequest('LeaveGroup', () => ({ do: 'silence' }))
    await expect(consumer.close(200)).rejects.toMatchObject({ code: 'TIMEOUT' })
    await cluster.until(() => cluster.openConnections() === 0)
  })

  it('offers range alone by default, roundrobin when configured, and refuses assignors it does not have', async () => {
    const cluster = await startCluster({ topics: { t: 1 } })
    const listener = new RecordingListener()
    await join(await openConsumer(cluster, GROUP), listener)
    expect(cluster.requestsOf('JoinGroup')[0]!.request.protocols.map(({ name }) => name)).toEqual(['range'])
    const sticky = await openConsumer(cluster, {
      ...GROUP,
      'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.StickyAssignor',
    })
    expect(() => sticky.subscribe(['t'], listener)).toThrow('partition.assignment.strategy')
  })
})
