import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { eventually, newName, newTopic, topicId, untilLed } from '../raw-requests.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

export function metadataCases(stage: Stage): void {
  describe('Metadata', () => {
    it.each(versions('Metadata'))('names the one broker by the address it was reached at (version %i)', async (version) => {
      const raw = await stage.connect()
      const { brokers, controllerId, clusterId } = await raw.send('Metadata', version, {
        topics: version === 0 ? [{ name: await newTopic(raw) }] : [],
      })
      const [host, port] = stage.address.split(':')
      expect(brokers).toEqual([{ nodeId: 1, host, port: Number(port), rack: null }])
      if (version >= 1) expect(controllerId).toBe(1)
      if (version >= 2) expect(clusterId).toMatch(/^[\w-]{22}$/)
    })

    it.each(versions('Metadata'))('tells a topic’s partitions, their leader and replicas (version %i)', async (version) => {
      const raw = await stage.connect()
      const name = await newTopic(raw, { partitions: 2 })
      const { topics } = await raw.send('Metadata', version, { topics: [{ name }], allowAutoTopicCreation: false })
      const partition = { errorCode: 0, leaderId: 1, replicaNodes: [1], isrNodes: [1], offlineReplicas: [] }
      expect(topics).toMatchObject([{ errorCode: 0, name, isInternal: false }])
      expect([...topics[0]!.partitions].sort((left, right) => left.partitionIndex - right.partitionIndex)).toMatchObject([
        { ...partition, partitionIndex: 0 },
        { ...partition, partitionIndex: 1 },
      ])
      if (version >= 7) expect(topics[0]!.partitions[0]!.leaderEpoch).toBeGreaterThanOrEqual(0)
    })

    it('tells all topics when asked for null', async () => {
      const raw = await stage.connect()
      const names = [await newTopic(raw), await newTopic(raw)]
      const { topics } = await raw.send('Metadata', 9, { topics: null })
      expect(topics.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    })

    it('tells no topic when asked for none', async () => {
      const raw = await stage.connect()
      await newTopic(raw)
      expect((await raw.send('Metadata', 9, { topics: [] })).topics).toEqual([])
    })

    it('finds a topic by its id from version 12 on', async () => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      const id = await topicId(raw, name)
      expect(id).not.toBe('AAAAAAAAAAAAAAAAAAAAAA')
      const { topics } = await raw.send('Metadata', 12, { topics: [{ name: null, topicId: id }] })
      expect(topics).toMatchObject([{ errorCode: 0, name, topicId: id }])
    })

    it('does not know an id that no topic has', async () => {
      const raw = await stage.connect()
      const { topics } = await raw.send('Metadata', 12, { topics: [{ name: null, topicId: 'ABEiM0RVZneImaq7zN3u_w' }] })
      expect(topics).toMatchObject([{ errorCode: Errors.UNKNOWN_TOPIC_ID, name: null }])
    })

    it.each(versions('Metadata', 4))('does not know a topic that is not there (version %i)', async (version) => {
      const raw = await stage.connect()
      const name = newName('absent')
      const { topics } = await raw.send('Metadata', version, { topics: [{ name }], allowAutoTopicCreation: false })
      expect(topics).toMatchObject([{ errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] }])
    })

    it.each(['a/b', '..', 'x'.repeat(250), ''])('refuses the name "%s"', async (name) => {
      const raw = await stage.connect()
      const { topics } = await raw.send('Metadata', 9, { topics: [{ name }], allowAutoTopicCreation: true })
      expect(topics).toMatchObject([{ errorCode: Errors.INVALID_TOPIC_EXCEPTION }])
    })

    it('creates a topic that is asked for, where the client allows it', async () => {
      const raw = await stage.connect()
      const name = newName('auto')
      const { topics } = await raw.send('Metadata', 4, { topics: [{ name }], allowAutoTopicCreation: true })
      expect([Errors.NONE, Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.LEADER_NOT_AVAILABLE]).toContain(topics[0]!.errorCode)
      await untilLed(raw, name, 1)
    })

    it('says what may be done where it is asked to (versions 8 to 10)', async () => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      const asked = await raw.send('Metadata', 8, {
        topics: [{ name }],
        includeTopicAuthorizedOperations: true,
        includeClusterAuthorizedOperations: true,
      })
      expect(asked.topics[0]!.topicAuthorizedOperations).toBe(0b110111111000)
      expect(asked.clusterAuthorizedOperations).toBe(0b1111110100000)
      const notAsked = await raw.send('Metadata', 8, { topics: [{ name }] })
      expect(notAsked.topics[0]!.topicAuthorizedOperations).toBe(-2147483648)
    })

    it('knows a topic as soon as it is created, and forgets it when it is deleted', async () => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      expect(await raw.send('DeleteTopics', 4, { topicNames: [name], timeoutMs: 60_000 })).toMatchObject({ responses: [{ errorCode: 0 }] })
      await eventually(
        () => raw.send('Metadata', 9, { topics: [{ name }], allowAutoTopicCreation: false }),
        ({ topics }) => topics[0]!.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION,
      )
    })
  })

  describe('DescribeCluster', () => {
    it.each(versions('DescribeCluster'))('tells the cluster and its broker (version %i)', async (version) => {
      const raw = await stage.connect()
      const answer = await raw.send('DescribeCluster', version, { includeClusterAuthorizedOperations: true })
      const { clusterId } = await raw.send('Metadata', 9, { topics: [] })
      const [host, port] = stage.address.split(':')
      expect(answer).toMatchObject({
        errorCode: 0,
        clusterId,
        controllerId: 1,
        brokers: [{ brokerId: 1, host, port: Number(port), rack: null }],
      })
      expect(answer.clusterAuthorizedOperations).toBe(0b1111110100000)
    })

    it('does not describe controllers on a broker’s listener', async () => {
      const raw = await stage.connect()
      const answer = await raw.send('DescribeCluster', 1, { includeClusterAuthorizedOperations: false, endpointType: 2 })
      expect(answer.errorCode).toBe(Errors.MISMATCHED_ENDPOINT_TYPE)
    })
  })
}
