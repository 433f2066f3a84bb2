import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { JavaToolRunner } from '../../support/services/java-tool-runner.ts'
import { propertiesFile, scratchDir } from '../../support/worker-process.ts'
import { newName, newTopic, produce, valuesFrom } from '../raw-requests.ts'
import { topicWithOneAborted, TransactionalProducer } from '../transaction.ts'
import type { Stage } from '../target.ts'

const TOOLS = 'org.apache.kafka.tools.'

export function javaToolCases(stage: Stage): void {
  describe('Kafka’s own tools (Java)', () => {
    let tools: JavaToolRunner | null = null
    afterAll(() => tools?.stop())

    async function tool(name: string, args: readonly string[], input = ''): Promise<string> {
      const mainClass = name.includes('.') && name.startsWith('kafka.') ? name : TOOLS + name
      tools ??= await JavaToolRunner.start()
      const { code, output, errors } = await tools.run(mainClass, ['--bootstrap-server', stage.address, ...args], input)
      if (code !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${code}: ${output}${errors}`)
      return output
    }

    it('BrokerApiVersionsCommand finds a broker it can use', async () => {
      const patient = await propertiesFile(await scratchDir(), 'client.properties', { 'request.timeout.ms': '60000' }) // in place of 5 s
      const output = await tool('BrokerApiVersionsCommand', ['--command-config', patient])
      const [host, port] = stage.address.split(':')
      expect(output).toContain(`${host}:${port} (id: 1 rack: null isFenced: false) -> (`)
      for (const api of ['Produce(0)', 'Fetch(1)', 'JoinGroup(11)', 'InitProducerId(22)'])
        expect(output).toMatch(new RegExp(`${api.replaceAll(/[()]/g, '\\$&')}: .*usable: \\d+`))
    })

    it('TopicCommand creates, describes, lists, alters and deletes topics', async () => {
      const topic = newName('tool')
      const create = ['--create', '--topic', topic, '--partitions', '2', '--replication-factor', '1', '--config', 'retention.ms=777']
      expect(await tool('TopicCommand', create)).toContain(`Created topic ${topic}.`)
      await expect(tool('TopicCommand', create)).rejects.toThrow(`Topic '${topic}' already exists.`)
      expect(await tool('TopicCommand', [...create, '--if-not-exists'])).toBeDefined()
      expect(await tool('TopicCommand', ['--list'])).toContain(topic)
      const described = await tool('TopicCommand', ['--describe', '--topic', topic])
      expect(described).toMatch(
        new RegExp(`Topic: ${topic}\\s+TopicId: \\S{22}\\s+PartitionCount: 2\\s+ReplicationFactor: 1\\s+Configs: \\S*retention.ms=777`),
      )
      expect(described).toMatch(/Partition: 1\s+Leader: 1\s+Replicas: 1\s+Isr: 1/)
      await tool('TopicCommand', ['--alter', '--topic', topic, '--partitions', '3'])
      await expect.poll(() => tool('TopicCommand', ['--describe', '--topic', topic])).toContain('PartitionCount: 3')
      await tool('TopicCommand', ['--delete', '--topic', topic])
      await expect.poll(() => tool('TopicCommand', ['--list'])).not.toContain(topic)
    })

    it('ConfigCommand describes and alters configs of topics and of the broker', async () => {
      const topic = await newTopic(await stage.connect())
      const entity = ['--entity-type', 'topics', '--entity-name', topic]
      const altered = await tool('kafka.admin.ConfigCommand', [
        ...entity,
        '--alter',
        '--add-config',
        'retention.ms=5000,cleanup.policy=[compact,delete]',
      ])
      expect(altered).toContain(`Completed updating config for topic ${topic}.`)
      const described = () => tool('kafka.admin.ConfigCommand', [...entity, '--describe'])
      await expect.poll(described).toContain('retention.ms=5000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=5000')
      expect(await described()).toContain('cleanup.policy=compact,delete')
      await tool('kafka.admin.ConfigCommand', [...entity, '--alter', '--delete-config', 'retention.ms'])
      await expect.poll(described).not.toContain('retention.ms=5000')
      await expect(tool('kafka.admin.ConfigCommand', [...entity, '--alter', '--add-config', 'no.such.key=1'])).rejects.toThrow(
        /no\.such\.key/,
      )
      const broker = await tool('kafka.admin.ConfigCommand', ['--entity-type', 'brokers', '--entity-name', '1', '--describe', '--all'])
      expect(broker).toContain('num.partitions=1')
    })

    it('ConsoleProducer and ConsoleConsumer exchange lines, keys and headers', async () => {
      const topic = await newTopic(await stage.connect())
      const keyed = ['--topic', topic, '--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:']
      await tool('ConsoleProducer', [...keyed, '--compression-codec', 'zstd'], 'k1:a\nk2:b\nk3:c\n')
      const read = ['--topic', topic, '--from-beginning', '--max-messages', '3', '--timeout-ms', '60000']
      const shown = ['--formatter-property', 'print.key=true', '--formatter-property', 'print.offset=true']
      expect(await tool('consumer.ConsoleConsumer', [...read, ...shown])).toBe('Offset:0\tk1\ta\nOffset:1\tk2\tb\nOffset:2\tk3\tc\n')
    })

    it('ConsoleConsumer reads committed records only', async () => {
      const topic = await topicWithOneAborted(await stage.connect())
      const read = ['--topic', topic, '--from-beginning', '--max-messages', '2', '--timeout-ms', '60000']
      expect(await tool('consumer.ConsoleConsumer', [...read, '--isolation-level', 'read_committed'])).toBe('one\nthree\n')
    })

    it('VerifiableProducer sends what VerifiableConsumer gets, as a member of a group', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw, { partitions: 3 })
      const produced = await tool('VerifiableProducer', ['--topic', topic, '--max-messages', '1000', '--acks', '-1'])
      expect(produced).toContain('"name":"tool_data"')
      expect(produced).toMatch(/"sent":1000,"acked":1000/)
      const group = newName('verifiable')
      const read = ['--topic', topic, '--group-id', group, '--max-messages', '1000', '--session-timeout', '30000']
      const consumed = await tool('VerifiableConsumer', [...read, '--reset-policy', 'earliest'])
      expect(consumed).toContain('"name":"partitions_assigned"')
      expect(consumed).toContain('"name":"offsets_committed"')
      expect([...consumed.matchAll(/"name":"records_consumed".*?"count":(\d+)/g)].length).toBeGreaterThan(0)
    })

    it('ConsumerGroupCommand lists, describes, resets and deletes groups', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      for (const value of ['a', 'b', 'c']) await produce(raw, topic, [{ value }])
      const group = newName('tool')
      await tool('consumer.ConsoleConsumer', [
        '--topic',
        topic,
        '--group',
        group,
        '--from-beginning',
        '--max-messages',
        '3',
        '--timeout-ms',
        '60000',
      ])
      const command = (...args: string[]) => tool('consumer.group.ConsumerGroupCommand', args)
      expect(await command('--list')).toContain(group)
      expect(await command('--list', '--state')).toMatch(new RegExp(`${group}\\s+.*Empty`))
      expect(await command('--describe', '--group', group)).toMatch(new RegExp(`${group}\\s+${topic}\\s+0\\s+(\\S+\\s+)?3\\s+3\\s+0`))
      expect(await command('--describe', '--group', group, '--state')).toMatch(/Empty\s+0/)
      const reset = ['--group', group, '--topic', topic, '--reset-offsets', '--execute']
      expect(await command(...reset, '--to-earliest')).toMatch(new RegExp(`${topic}\\s+0\\s+0`))
      expect(await command(...reset, '--shift-by', '2')).toMatch(new RegExp(`${topic}\\s+0\\s+2`))
      expect(await command('--group', group, '--topic', topic, '--delete-offsets')).toMatch(/Successful/)
      expect(await command('--group', group, '--delete')).toContain(`Deletion of requested consumer groups ('${group}') was successful.`)
      expect(await command('--list')).not.toContain(group)
    })

    it('DeleteRecordsCommand deletes records', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      for (const value of ['a', 'b', 'c']) await produce(raw, topic, [{ value }])
      const file = join(await scratchDir(), 'delete.json')
      await writeFile(file, JSON.stringify({ partitions: [{ topic, partition: 0, offset: 2 }], version: 1 }))
      expect(await tool('DeleteRecordsCommand', ['--offset-json-file', file])).toContain(`partition: ${topic}-0\tlow_watermark: 2`)
      expect(await valuesFrom(raw, topic, 2)).toEqual(['c'])
    })

    it('GetOffsetShell tells begin, end, and the record with the highest time', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      for (const value of ['a', 'b']) await produce(raw, topic, [{ value }])
      expect(await tool('GetOffsetShell', ['--topic', topic, '--time', 'latest'])).toBe(`${topic}:0:2\n`)
      expect(await tool('GetOffsetShell', ['--topic', topic, '--time', 'earliest'])).toBe(`${topic}:0:0\n`)
      expect(await tool('GetOffsetShell', ['--topic', topic, '--time', 'max-timestamp'])).toMatch(new RegExp(`${topic}:0:[01]\n`))
    })

    it('TransactionsCommand lists and describes transactions, and the producers of a partition', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      const producer = new TransactionalProducer(raw)
      await producer.init({ timeoutMs: 600_000 }) // open while tools start and look
      await producer.sendIn(topic, ['x'])
      const id = producer.transactionalId
      expect(await tool('TransactionsCommand', ['list'])).toMatch(new RegExp(`${id}\\s+1\\s+${producer.producerId}\\s+Ongoing`))
      expect(await tool('TransactionsCommand', ['describe', '--transactional-id', id])).toMatch(new RegExp(`Ongoing.*${topic}-0`))
      expect(await tool('TransactionsCommand', ['describe-producers', '--topic', topic, '--partition', '0'])).toMatch(
        new RegExp(`${producer.producerId}\\s+${producer.producerEpoch}`),
      )
      expect(await tool('TransactionsCommand', ['forceTerminateTransaction', '--transactionalId', id])).toBeDefined()
      await expect.poll(() => tool('TransactionsCommand', ['describe', '--transactional-id', id])).toMatch(/CompleteAbort|Empty/)
    })

    it('LogDirsCommand describes what is on the disk', async () => {
      const raw = await stage.connect()
      const topic = await newTopic(raw)
      await produce(raw, topic, [{ value: 'x' }])
      expect(await tool('LogDirsCommand', ['--describe', '--topic-list', topic])).toContain(`"partition":"${topic}-0"`)
    })
  })
}
