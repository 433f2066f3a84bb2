import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { KafkaError } from '../../../src/kafka/errors.ts'
import { RetryBackoff } from '../../../src/kafka/retry-backoff.ts'
import { openMetadata, openTransport, RecordedLog } from '../../support/scripted-broker/clients.ts'
import { ScriptedCluster } from '../../support/scripted-broker/scripted-cluster.ts'

async function rejection(promise: Promise<unknown>): Promise<KafkaError> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error as KafkaError,
  )
}

describe('topics', () => {
  test('leaders, epochs and counts are those of the last answer', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 3 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.addTopic('t')
    await metadata.refresh()
    expect(metadata.topic('t')!.partitions.map(({ leader }) => leader)).toEqual([1, 2, 1])
    expect([metadata.clusterId, metadata.controllerId, metadata.generation]).toEqual(['scripted-cluster', 1, 1])
    cluster.setLeader('t', 0, 2)
    cluster.addPartitions('t', 4)
    await metadata.refresh()
    expect(metadata.topic('t')!.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch])).toEqual([
      [2, 1],
      [2, 0],
      [1, 0],
      [2, 0],
    ])
    expect(metadata.generation).toBe(2)
  })

  test('K37: one unauthorised, one unknown and one leaderless topic leave the other eight usable', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `t${index}`)
    await using cluster = await ScriptedCluster.start({ topics: Object.fromEntries(names.map((name) => [name, 2])) })
    cluster.onRequest('Metadata', () => ({ do: 'error', code: 29, where: (topic) => topic === 't3' }))
    cluster.setLeader('t5', 1, -1)
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.setTopics(new Set([...names, 'nowhere']))
    await metadata.refresh()
    expect(metadata.topic('t3')).toBeUndefined()
    expect(metadata.topicError('t3')).toMatchObject({
      number: 29,
      auth: true,
      topic: 't3',
      message: 'Not authorized to access topics: [t3]',
    })
    expect(metadata.topicError('nowhere')).toMatchObject({ number: 3, retriable: true })
    expect(metadata.topic('t5')!.partitions.map(({ leader }) => leader)).toEqual([1, -1])
    expect(names.filter((name) => metadata.topic(name) !== undefined)).toHaveLength(9)
    expect(metadata.topicError('t0')).toBeUndefined()
  })

  test('a topic without a leader for the moment stays as it was known; a deleted one goes', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1, u: 1 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.setTopics(new Set(['t', 'u']))
    await metadata.refresh()
    cluster.once('Metadata', { do: 'error', code: 5, where: (topic) => topic === 't' })
    cluster.deleteTopic('u')
    await metadata.refresh()
    expect(metadata.topic('t')).toBeDefined()
    expect(metadata.topicError('t')).toMatchObject({ number: 5 })
    expect(metadata.topic('u')).toBeUndefined()
    await metadata.refresh()
    expect(metadata.topicError('t')).toBeUndefined()
  })

  test('an answer with an older leader epoch does not lead back: that partition stays as it was known, the others are taken over', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 2 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.addTopic('t')
    cluster.setLeader('t', 0, 2)
    await metadata.refresh()
    Object.assign(cluster.log('t', 0), { leader: 1, leaderEpoch: 0 })
    cluster.setLeader('t', 1, 1)
    await metadata.refresh()
    const leaders = () => metadata.topic('t')!.partitions.map(({ leader, leaderEpoch }) => [leader, leaderEpoch])
    expect(leaders()).toEqual([
      [2, 1],
      [1, 1],
    ])
    Object.assign(cluster.log('t', 0), { leader: 1, leaderEpoch: 2 })
    await metadata.refresh()
    expect(leaders()[0]).toEqual([1, 2])
  })

  test('a topic that was made anew counts its leader epochs anew', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.addTopic('t')
    for (let election = 0; election < 3; election++) cluster.setLeader('t', 0, 1)
    await metadata.refresh()
    const { id } = metadata.topic('t')!
    cluster.deleteTopic('t')
    cluster.createTopic('t', 1)
    await metadata.refresh()
    expect(metadata.topic('t')!.partitions[0]!.leaderEpoch).toBe(0)
    expect(metadata.topic('t')!.id).not.toBe(id)
  })

  test.each([
    { kafka: 'before 2.4', version: 8, expected: [1, -1] },
    { kafka: 'before 2.8', version: 9, expected: [2, 1] },
  ])('a broker $kafka: its last answer counts where it tells no epoch to rely on', async ({ version, expected }) => {
    await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 1 }, versions: { Metadata: [4, version] } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.addTopic('t')
    cluster.setLeader('t', 0, 2)
    await metadata.refresh()
    Object.assign(cluster.log('t', 0), { leader: 1, leaderEpoch: 0 })
    await metadata.refresh()
    const { leader, leaderEpoch } = metadata.topic('t')!.partitions[0]!
    expect([leader, leaderEpoch, metadata.topic('t')!.id]).toEqual([...expected, null])
  })

  test('all topics are followed when no names are given, and forgotten when names come back', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { a: 1, b: 1 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.setTopics(null)
    await metadata.refresh()
    expect(metadata.allTopics().map(({ name }) => name)).toEqual(['a', 'b'])
    cluster.createTopic('c', 1)
    await metadata.refresh()
    expect(metadata.allTopics()).toHaveLength(3)
    metadata.setTopics(new Set(['b']))
    await metadata.refresh()
    expect(metadata.allTopics().map(({ name }) => name)).toEqual(['b'])
  })

  test('a newly named topic is asked for at once, also while another question is under way', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { a: 1, b: 1 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    const asked = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const remove = cluster.onRequest('Metadata', async () => {
      remove()
      asked.resolve()
      await go.promise
    })
    metadata.addTopic('a')
    await asked.promise
    metadata.addTopic('b')
    const refreshed = metadata.refresh()
    go.resolve()
    await refreshed
    expect(metadata.topic('a')).toBeDefined()
    expect(metadata.topic('b')).toBeDefined()
  })

  test('whether asking may create a topic is said to the broker', async () => {
    await using cluster = await ScriptedCluster.start({ autoCreatePartitions: 2 })
    const timid = openMetadata(openTransport(cluster.bootstrapServers))
    timid.addTopic('t')
    await timid.refresh()
    expect(timid.topicError('t')).toMatchObject({ number: 3 })
    const bold = openMetadata(openTransport(cluster.bootstrapServers), { allowAutoTopicCreation: true })
    bold.addTopic('t')
    await bold.refresh()
    expect(bold.topic('t')!.partitions).toHaveLength(2)
  })
})

describe('refresh', () => {
  test('is one question for all who ask meanwhile', async () => {
    await using cluster = await ScriptedCluster.start()
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    await Promise.all(Array.from({ length: 20 }, () => metadata.refresh()))
    expect(cluster.requestsOf('Metadata')).toHaveLength(1)
  })

  test('goes on until a broker answers, and can be given up by one who waits', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    await cluster.stopNode(1)
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.addTopic('t')
    const patient = metadata.refresh()
    const abort = new AbortController()
    const impatient = rejection(metadata.refresh(abort.signal))
    abort.abort(new Error('enough'))
    expect((await impatient).message).toBe('enough')
    await cluster.startNode(1)
    await patient
    expect(metadata.topic('t')).toBeDefined()
  })

  test('a cut connection and a late answer are tried again', async () => {
    await using cluster = await ScriptedCluster.start()
    cluster.once('Metadata', { do: 'cut' })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers, { requestTimeoutMs: 100 }))
    await metadata.refresh()
    cluster.once('Metadata', { do: 'silence' })
    await metadata.refresh()
    expect(metadata.generation).toBe(2)
  })

  test('rejects when the broker speaks no version of ours', async () => {
    await using cluster = await ScriptedCluster.start({ versions: { Metadata: [13, 13] } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    expect(await rejection(metadata.refresh())).toMatchObject({ number: 35 })
  })

  test('K3: a wish for it is answered soon, once for many wishes', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 1 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    metadata.addTopic('t')
    await metadata.refresh()
    cluster.setLeader('t', 0, 2)
    const updated = new Promise<void>((resolve) => metadata.onUpdate(resolve))
    for (let count = 0; count < 100; count++) metadata.requestRefresh()
    await updated
    expect(metadata.topic('t')!.partitions[0]!.leader).toBe(2)
    expect(cluster.requestsOf('Metadata')).toHaveLength(2)
  })

  test('a wall clock that is set back does not delay it', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    await metadata.refresh()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
    onTestFinished(() => void vi.useRealTimers())
    metadata.requestRefresh()
    await cluster.until(() => cluster.requestsOf('Metadata').length === 2)
  })

  test('metadata.max.age.ms: what is followed is asked for again without a wish', async () => {
    await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers), { maxAgeMs: 30 })
    metadata.addTopic('t')
    await metadata.refresh()
    cluster.addPartitions('t', 2)
    await cluster.until(() => metadata.topic('t')!.partitions.length === 2)
  })

  test('a removed listener hears no more', async () => {
    await using cluster = await ScriptedCluster.start()
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    let calls = 0
    const remove = metadata.onUpdate(() => calls++)
    await metadata.refresh()
    remove()
    await metadata.refresh()
    expect(calls).toBe(1)
  })

  test('close rejects what waits and what comes', async () => {
    await using cluster = await ScriptedCluster.start()
    await cluster.stopNode(1)
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    const waiting = [rejection(metadata.refresh()), rejection(metadata.coordinator('group', 'g'))]
    metadata.close()
    for (const error of await Promise.all(waiting)) expect(error.code).toBe('ILLEGAL_STATE')
    expect((await rejection(metadata.refresh())).message).toBe('The Kafka client is closed')
  })

  test('a cluster that is down is reported once, not at every attempt', async () => {
    await using cluster = await ScriptedCluster.start()
    await cluster.stopNode(1)
    const log = new RecordedLog()
    const metadata = openMetadata(openTransport(cluster.bootstrapServers, { log, reconnectBackoffMs: 1, reconnectBackoffMaxMs: 1 }), {
      ...{ log, backoff: new RetryBackoff(1, 1) },
    })
    const refreshed = metadata.refresh()
    await cluster.until(() => log.lines.length > 0)
    await cluster.changed(100)
    await cluster.startNode(1)
    await refreshed
    expect(log.lines).toEqual([
      expect.stringMatching(`^WARN Connection to broker ${cluster.bootstrapServers} could not be established; retrying`),
      `INFO Connected to broker ${cluster.bootstrapServers} again`,
    ])
  })
})

describe('coordinators', () => {
  test('are asked for once, until they are forgotten', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    expect(await Promise.all([metadata.coordinator('group', 'g'), metadata.coordinator('group', 'g')])).toEqual([1, 1])
    expect(cluster.requestsOf('FindCoordinator')).toHaveLength(1)
    cluster.setCoordinator('g', 2)
    expect(await metadata.coordinator('group', 'g')).toBe(1)
    metadata.forgetCoordinator('group', 'g')
    expect(await metadata.coordinator('group', 'g')).toBe(2)
  })

  test('K28: are asked for again while none is available or it is loading', async () => {
    await using cluster = await ScriptedCluster.start()
    cluster.once('FindCoordinator', { do: 'error', code: 15 })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    expect(await metadata.coordinator('group', 'g')).toBe(1)
    cluster.once('FindCoordinator', { do: 'error', code: 14 })
    expect(await metadata.coordinator('transaction', 'tx')).toBe(1)
    expect(cluster.requestsOf('FindCoordinator').map(({ request }) => request.type)).toEqual([0, 0, 1, 1])
  })

  test('are warned of when brokers have none for half a minute, and said when they have', async () => {
    await using cluster = await ScriptedCluster.start()
    const log = new RecordedLog()
    const metadata = openMetadata(openTransport(cluster.bootstrapServers), { log })
    let elapsedMs = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (elapsedMs += 10_000))
    onTestFinished(() => clock.mockRestore())
    cluster.onRequest('FindCoordinator', () => (cluster.requestsOf('FindCoordinator').length < 6 ? { do: 'error', code: 15 } : undefined))
    await metadata.coordinator('group', 'g')
    expect(log.lines[0]).toMatch(/^WARN The coordinator of group g is not available for \d+ s; retrying\. .*coordinator is not available/i)
    expect(log.lines.at(-1)).toMatch(/^INFO The coordinator of group g is not available: over after/)
  })

  test('can be sent to even when metadata does not know the node yet', async () => {
    await using cluster = await ScriptedCluster.start({ nodes: 2 })
    const transport = openTransport(cluster.bootstrapServers)
    cluster.setCoordinator('g', 2)
    const node = await openMetadata(transport).coordinator('group', 'g')
    expect(transport.brokers().map(({ nodeId }) => nodeId)).toContain(node)
  })

  test('a group the client may not use rejects with Java’s sentence, and is asked for again next time', async () => {
    await using cluster = await ScriptedCluster.start()
    cluster.once('FindCoordinator', { do: 'error', code: 30 })
    const metadata = openMetadata(openTransport(cluster.bootstrapServers))
    expect(await rejection(metadata.coordinator('group', 'g'))).toMatchObject({ number: 30, message: 'Not authorized to access group: g' })
    expect(await metadata.coordinator('group', 'g')).toBe(1)
  })
})
