import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { GroupMember, onlyMember } from '../group-member.ts'
import { newName, newTopic, untilCoordinated } from '../raw-requests.ts'
import type { RawClient } from '../../support/raw-client.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

interface Committed {
  readonly offset: number
  readonly metadata: string | null
  readonly errorCode: number
}

/** What a group has committed for partitions of one topic. */
async function committed(raw: RawClient, group: string, name: string, partitionIndexes = [0], version = 7): Promise<Committed[]> {
  const topics = [{ name, partitionIndexes }]
  const answer = await raw.send('OffsetFetch', version, version < 8 ? { groupId: group, topics } : { groups: [{ groupId: group, topics }] })
  const found = version < 8 ? answer.topics : answer.groups[0]!.topics
  return found[0]!.partitions.map(({ committedOffset, metadata, errorCode }) => ({ offset: committedOffset, metadata, errorCode }))
}

export function offsetCases(stage: Stage): void {
  /** Commits without being a member, as simple consumers do. */
  async function simple(): Promise<{ raw: RawClient; group: string; topic: string; consumer: GroupMember }> {
    const raw = await stage.connect()
    const group = newName('group')
    await untilCoordinated(raw, group, 0)
    return { raw, group, topic: await newTopic(raw, { partitions: 2 }), consumer: new GroupMember(raw, { group }) }
  }

  describe('OffsetCommit and OffsetFetch', () => {
    it.each(versions('OffsetCommit'))('keep what was committed (OffsetCommit %i)', async (version) => {
      const { raw, group, topic, consumer } = await simple()
      expect(await consumer.commit(topic, 5, { version, metadata: 'm' })).toBe(0)
      expect(await consumer.commit(topic, 7, { version, metadata: null, partition: 1 })).toBe(0)
      expect(await committed(raw, group, topic, [0, 1])).toEqual([
        { offset: 5, metadata: 'm', errorCode: 0 },
        { offset: 7, metadata: '', errorCode: 0 },
      ])
    })

    it.each(versions('OffsetFetch'))('tell -1 where nothing was committed (OffsetFetch %i)', async (version) => {
      const { raw, group, topic, consumer } = await simple()
      await consumer.commit(topic, 3)
      expect(await committed(raw, group, topic, [0, 1], version)).toEqual([
        { offset: 3, metadata: '', errorCode: 0 },
        { offset: -1, metadata: '', errorCode: 0 },
      ])
      expect(await committed(raw, newName('absent'), topic, [0], version)).toEqual([{ offset: -1, metadata: '', errorCode: 0 }])
    })

    it.each([2, 7, 8])('tell all offsets of a group when asked for null (OffsetFetch %i)', async (version) => {
      const { raw, group, topic, consumer } = await simple()
      await consumer.commit(topic, 3)
      const answer = await raw.send(
        'OffsetFetch',
        version,
        version < 8 ? { groupId: group, topics: null } : { groups: [{ groupId: group, topics: null }] },
      )
      const topics = version < 8 ? answer.topics : answer.groups[0]!.topics
      expect(topics).toMatchObject([{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: 3 }] }])
      expect(topics).toHaveLength(1)
    })

    it('tell offsets of several groups at once', async () => {
      const { raw, group, topic, consumer } = await simple()
      await consumer.commit(topic, 3)
      const groups = [group, newName('absent')].map((groupId) => ({ groupId, topics: [{ name: topic, partitionIndexes: [0] }] }))
      const answer = await raw.send('OffsetFetch', 8, { groups })
      expect(Object.fromEntries(answer.groups.map(({ groupId, topics }) => [groupId, topics[0]!.partitions[0]!.committedOffset]))).toEqual({
        [groups[0]!.groupId]: 3,
        [groups[1]!.groupId]: -1,
      })
    })

    it('take commits of members, and keep their leader epochs', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const member = await onlyMember(raw, { group: newName('group') })
      const partitions = [{ partitionIndex: 0, committedOffset: 9, committedLeaderEpoch: 4, committedMetadata: '' }]
      const { group } = member.options
      const identity = { groupId: group, generationIdOrMemberEpoch: member.generation, memberId: member.memberId }
      const answer = await raw.send('OffsetCommit', 7, { ...identity, topics: [{ name: topic, partitions }] })
      expect(answer.topics).toMatchObject([{ partitions: [{ errorCode: 0 }] }])
      const { topics } = await raw.send('OffsetFetch', 7, { groupId: group, topics: [{ name: topic, partitionIndexes: [0] }] })
      expect(topics[0]!.partitions).toMatchObject([{ committedOffset: 9, committedLeaderEpoch: 4 }])
    })

    it('refuse commits of strangers while the group has members', async () => {
      const raw = await stage.connect()
      const member = await onlyMember(raw, { group: newName('group') })
      const stranger = new GroupMember(raw, member.options)
      expect(await stranger.commit(await newTopic(raw), 1)).toBe(Errors.UNKNOWN_MEMBER_ID)
    })

    it('refuse commits while the group rebalances', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const member = new GroupMember(raw, { group: newName('group') })
      await member.join()
      expect(await member.commit(topic, 1)).toBe(Errors.REBALANCE_IN_PROGRESS)
    })

    it('refuse metadata longer than offset.metadata.max.bytes', async () => {
      const { topic, consumer } = await simple()
      expect(await consumer.commit(topic, 1, { metadata: 'x'.repeat(101) })).toBe(Errors.OFFSET_METADATA_TOO_LARGE)
      expect(await consumer.commit(topic, 1, { metadata: 'x'.repeat(100) })).toBe(0)
    })

    it('do not know topics that are not there', async () => {
      const { consumer } = await simple()
      expect(await consumer.commit(newName('absent'), 1)).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('keep offsets when all members have left', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const member = await onlyMember(raw, { group: newName('group') })
      await member.commit(topic, 8)
      await member.leave()
      expect(await committed(raw, member.options.group, topic)).toMatchObject([{ offset: 8 }])
    })

    it('forget offsets of topics that are deleted', async () => {
      const { raw, group, topic, consumer } = await simple()
      await consumer.commit(topic, 8)
      await raw.send('DeleteTopics', 4, { topicNames: [topic], timeoutMs: 60_000 })
      await expect.poll(() => committed(raw, group, topic), { timeout: 60_000 }).toMatchObject([{ offset: -1 }])
    })
  })

  describe('OffsetDelete', () => {
    async function deleteOffset(raw: RawClient, groupId: string, name: string) {
      const answer = await raw.send('OffsetDelete', 0, { groupId, topics: [{ name, partitions: [{ partitionIndex: 0 }] }] })
      return answer.errorCode === 0 ? answer.topics[0]!.partitions[0]!.errorCode : answer.errorCode
    }

    it('forgets the offset of one partition', async () => {
      const { raw, group, topic, consumer } = await simple()
      await consumer.commit(topic, 8)
      await consumer.commit(topic, 9, { partition: 1 })
      expect(await deleteOffset(raw, group, topic)).toBe(0)
      expect(await committed(raw, group, topic, [0, 1])).toMatchObject([{ offset: -1 }, { offset: 9 }])
    })

    it('does not know groups that are not there', async () => {
      const { raw, topic } = await simple()
      expect(await deleteOffset(raw, newName('absent'), topic)).toBe(Errors.GROUP_ID_NOT_FOUND)
    })

    it('refuses while a group of another kind has members', async () => {
      const raw = await stage.connect()
      const member = await onlyMember(raw, { group: newName('group'), protocolType: 'connect' })
      expect(await deleteOffset(raw, member.options.group, await newTopic(raw))).toBe(Errors.NON_EMPTY_GROUP)
    })
  })
}
