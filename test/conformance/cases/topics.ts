import { describe, expect, it } from 'vitest'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import type { RequestMessages } from '../../../src/broker/protocol/messages.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { eventually, LATEST, listOffset, newName, newTopic, produce, topicId, untilLed, valuesFrom } from '../raw-requests.ts'
import type { Stage } from '../target.ts'
import { versions } from '../versions.ts'

type NewTopic = RequestMessages['CreateTopics']['topics'][number]

function topicOf(name: string, changes: Partial<NewTopic> = {}): NewTopic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...changes }
}

async function create(raw: RawClient, topics: NewTopic[], validateOnly = false, version = 5) {
  return (await raw.send('CreateTopics', version, { topics, timeoutMs: 60_000, validateOnly })).topics
}

export function topicCases(stage: Stage): void {
  describe('CreateTopics', () => {
    it.each(versions('CreateTopics'))('creates topics with their partitions and configs (version %i)', async (version) => {
      const raw = await stage.connect()
      const [name, other] = [newName('created'), newName('created')]
      const configs = [{ name: 'retention.ms', value: '12345' }]
      const answers = await create(raw, [topicOf(name, { numPartitions: 3, configs }), topicOf(other)], false, version)
      expect(answers.map((answer) => [answer.name, answer.errorCode]).sort()).toEqual([[name, 0], [other, 0]].sort()) // prettier-ignore
      await untilLed(raw, name, 3)
      if (version < 5) return
      const answer = answers.find((one) => one.name === name)!
      expect(answer).toMatchObject({ numPartitions: 3, replicationFactor: 1, topicConfigErrorCode: 0 })
      expect(answer.configs!.find((config) => config.name === 'retention.ms')).toEqual({
        name: 'retention.ms',
        value: '12345',
        readOnly: false,
        configSource: 1,
        isSensitive: false,
      })
      if (version >= 7) expect(answer.topicId).toBe(await topicId(raw, name))
    })

    it('takes the broker’s defaults for -1', async () => {
      const raw = await stage.connect()
      const name = newName('default')
      expect(await create(raw, [topicOf(name, { numPartitions: -1, replicationFactor: -1 })])).toMatchObject([
        { errorCode: 0, numPartitions: 1, replicationFactor: 1 },
      ])
    })

    it('creates nothing when it is only to validate', async () => {
      const raw = await stage.connect()
      const name = newName('validated')
      expect(await create(raw, [topicOf(name, { numPartitions: 2 })], true)).toMatchObject([{ errorCode: 0, numPartitions: 2 }])
      const { topics } = await raw.send('Metadata', 9, { topics: [{ name }], allowAutoTopicCreation: false })
      expect(topics[0]!.errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION)
    })

    it('takes an assignment of replicas in place of counts', async () => {
      const raw = await stage.connect()
      const assignments = [0, 1].map((partitionIndex) => ({ partitionIndex, brokerIds: [1] }))
      const name = newName('assigned')
      expect(await create(raw, [topicOf(name, { numPartitions: -1, replicationFactor: -1, assignments })])).toMatchObject([
        { errorCode: 0 },
      ])
      await untilLed(raw, name, 2)
    })

    it.each<[string, Partial<NewTopic>, number, RegExp]>([
      [
        'no partitions',
        { numPartitions: 0 },
        Errors.INVALID_PARTITIONS,
        /Number of partitions (was set to an invalid non-positive value|must be larger than 0)/,
      ],
      [
        'more replicas than brokers',
        { replicationFactor: 2 },
        Errors.INVALID_REPLICATION_FACTOR,
        /Unable to replicate the partition 2 time\(s\)/,
      ],
      [
        'no replicas',
        { replicationFactor: 0 },
        Errors.INVALID_REPLICATION_FACTOR,
        /Replication factor (was set to an invalid non-positive value|must be larger than 0)/,
      ],
      [
        'an unknown config',
        { configs: [{ name: 'no.such.config', value: '1' }] },
        Errors.INVALID_CONFIG,
        /Unknown topic config name: no\.such\.config/,
      ],
      [
        'a config of the wrong type',
        { configs: [{ name: 'retention.ms', value: 'soon' }] },
        Errors.INVALID_CONFIG,
        /Invalid value soon for configuration retention\.ms: Not a number of type LONG/,
      ],
      [
        'a config out of its range',
        { configs: [{ name: 'segment.bytes', value: '1' }] },
        Errors.INVALID_CONFIG,
        /Invalid value 1 for configuration segment\.bytes: Value must be at least/,
      ],
      [
        'a config that is none of its values',
        { configs: [{ name: 'cleanup.policy', value: 'burn' }] },
        Errors.INVALID_CONFIG,
        /Invalid value burn for configuration cleanup\.policy/,
      ],
      [
        'a config without a value',
        { configs: [{ name: 'retention.ms', value: null }] },
        Errors.INVALID_CONFIG,
        /Null value not supported for topic configs: retention\.ms/,
      ],
      [
        'an assignment to a broker that is not there',
        { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [7] }] },
        Errors.INVALID_REPLICA_ASSIGNMENT,
        /broker/i,
      ],
      [
        'an assignment with a gap',
        { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 1, brokerIds: [1] }] },
        Errors.INVALID_REPLICA_ASSIGNMENT,
        /consecutive/,
      ],
      [
        'counts and an assignment',
        { assignments: [{ partitionIndex: 0, brokerIds: [1] }] },
        Errors.INVALID_REQUEST,
        /manual partition assignment was specified/,
      ],
    ])('refuses %s', async (_, changes, errorCode, message) => {
      const raw = await stage.connect()
      const [answer] = await create(raw, [topicOf(newName('refused'), changes)])
      expect(answer).toMatchObject({ errorCode })
      expect(answer!.errorMessage).toMatch(message)
    })

    it.each([
      ['', /empty/],
      ['.', /'\.' is not allowed/],
      ['..', /'\.\.' is not allowed/],
      ['a b', /illegal|invalid/i],
      ['x'.repeat(250), /249/],
    ])('refuses the name "%s"', async (name, message) => {
      const raw = await stage.connect()
      const [answer] = await create(raw, [topicOf(name)])
      expect(answer).toMatchObject({ name, errorCode: Errors.INVALID_TOPIC_EXCEPTION })
      expect(answer!.errorMessage).toMatch(message)
    })

    it('refuses more partitions than one request may create, whatever else it creates', async () => {
      const raw = await stage.connect()
      const names = [newName('many'), newName('many')] as const
      const answers = await create(raw, [topicOf(names[0], { numPartitions: 9_000 }), topicOf(names[1], { numPartitions: 9_000 })], true)
      const refused = { errorCode: Errors.POLICY_VIOLATION, errorMessage: 'Excessively large number of partitions per request.' }
      expect(answers).toMatchObject([refused, refused])
      const topic = await newTopic(raw)
      const request = { topics: [{ name: topic, count: 2_000_000_000, assignments: null }], timeoutMs: 60_000, validateOnly: true }
      expect((await raw.send('CreatePartitions', 1, request)).results[0]!.errorCode).not.toBe(0)
    })

    it('refuses a topic that exists', async () => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      expect(await create(raw, [topicOf(name)])).toMatchObject([
        { name, errorCode: Errors.TOPIC_ALREADY_EXISTS, errorMessage: `Topic '${name}' already exists.` },
      ])
    })

    it('refuses a name that differs from another one by . and _ only', async () => {
      const raw = await stage.connect()
      const name = newName('a.b')
      await newTopic(raw, { name })
      expect(await create(raw, [topicOf(name.replace('.', '_'))])).toMatchObject([{ errorCode: Errors.INVALID_TOPIC_EXCEPTION }])
    })

    it('refuses a name that comes twice in one request', async () => {
      const raw = await stage.connect()
      const name = newName('twice')
      const answers = await create(raw, [topicOf(name), topicOf(name)])
      expect(answers).toMatchObject([{ name, errorCode: Errors.INVALID_REQUEST }])
    })
  })

  describe('DeleteTopics', () => {
    it.each(versions('DeleteTopics'))('deletes by name (version %i)', async (version) => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      const request = version >= 6 ? { topics: [{ name }] } : { topicNames: [name] }
      expect(await raw.send('DeleteTopics', version, { ...request, timeoutMs: 60_000 })).toMatchObject({
        responses: [{ name, errorCode: 0 }],
      })
    })

    it('deletes by id', async () => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      const id = await topicId(raw, name)
      const answer = await raw.send('DeleteTopics', 6, { topics: [{ name: null, topicId: id }], timeoutMs: 60_000 })
      expect(answer.responses).toMatchObject([{ name, topicId: id, errorCode: 0 }])
    })

    it('does not know topics that are not there', async () => {
      const raw = await stage.connect()
      const name = newName('absent')
      const byName = await raw.send('DeleteTopics', 4, { topicNames: [name], timeoutMs: 60_000 })
      expect(byName.responses).toMatchObject([{ name, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }])
      const byId = await raw.send('DeleteTopics', 6, { topics: [{ name: null, topicId: 'ABEiM0RVZneImaq7zN3u_w' }], timeoutMs: 60_000 })
      expect(byId.responses).toMatchObject([{ errorCode: Errors.UNKNOWN_TOPIC_ID }])
    })

    it('gives a topic that is created again another id, and none of the old records', async () => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      const id = await topicId(raw, name)
      await produce(raw, name, [{ value: 'old' }])
      await raw.send('DeleteTopics', 4, { topicNames: [name], timeoutMs: 60_000 })
      await eventually(
        () => raw.send('Metadata', 9, { topics: [{ name }], allowAutoTopicCreation: false }),
        ({ topics }) => topics[0]!.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION,
      )
      await newTopic(raw, { name })
      expect(await topicId(raw, name)).not.toBe(id)
      expect(await valuesFrom(raw, name)).toEqual([])
      expect(await listOffset(raw, name, LATEST)).toMatchObject({ offset: 0, leaderEpoch: 0 })
    })
  })

  describe('CreatePartitions', () => {
    it.each(versions('CreatePartitions'))('adds partitions, and keeps what is in the old ones (version %i)', async (version) => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      await produce(raw, name, [{ value: 'kept' }])
      const request = { topics: [{ name, count: 3, assignments: null }], timeoutMs: 60_000, validateOnly: false }
      expect(await raw.send('CreatePartitions', version, request)).toMatchObject({ results: [{ name, errorCode: 0 }] })
      await untilLed(raw, name, 3)
      expect(await produce(raw, name, [{ value: 'new' }], { partition: 2 })).toMatchObject({ errorCode: 0, baseOffset: 0 })
      expect(await valuesFrom(raw, name)).toEqual(['kept'])
    })

    it.each<[string, number, boolean, number, RegExp | null]>([
      ['as many as there are', 2, true, Errors.INVALID_PARTITIONS, /already has 2 partition/],
      ['fewer than there are', 1, true, Errors.INVALID_PARTITIONS, /currently has 2 partition\(s\); 1 would not be an increase/],
      ['partitions of an absent topic', 3, false, Errors.UNKNOWN_TOPIC_OR_PARTITION, null],
    ])('refuses %s', async (_, count, exists, errorCode, message) => {
      const raw = await stage.connect()
      const name = exists ? await newTopic(raw, { partitions: 2 }) : newName('absent')
      const { results } = await raw.send('CreatePartitions', 1, {
        topics: [{ name, count, assignments: null }],
        timeoutMs: 60_000,
        validateOnly: false,
      })
      expect(results).toMatchObject([{ name, errorCode }])
      if (message === null) expect(results[0]!.errorMessage).toBeNull()
      else expect(results[0]!.errorMessage).toMatch(message)
    })

    it('adds none when it is only to validate', async () => {
      const raw = await stage.connect()
      const name = await newTopic(raw)
      const request = { topics: [{ name, count: 3, assignments: null }], timeoutMs: 60_000, validateOnly: true }
      expect(await raw.send('CreatePartitions', 1, request)).toMatchObject({ results: [{ errorCode: 0 }] })
      await untilLed(raw, name, 1)
    })
  })
}
