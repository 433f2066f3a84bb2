import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DataException } from '../../../../src/api/errors.ts'
import { SourceRecord } from '../../../../src/api/source.ts'
import { kafkaError } from '../../../../src/kafka/errors.ts'
import type { ProducerRecord } from '../../../../src/kafka/ports.ts'
import { DeadLetterQueueReporter, ensureDeadLetterTopic } from '../../../../src/runtime/errors/dead-letter-queue-reporter.ts'
import { ErrorMetrics } from '../../../../src/runtime/errors/error-metrics.ts'
import type { RecordFailure } from '../../../../src/runtime/errors/processing-context.ts'
import { Outage } from '../../../../src/runtime/outage.ts'
import { TaskControl } from '../../../../src/runtime/task-control.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { MemoryProducer } from '../../../support/fakes/memory-producer.ts'

const source = new SourceRecord({
  topic: 't',
  sourcePartition: { table: 'x' },
  sourceOffset: { id: 5 },
  kafkaPartition: 2,
  value: { a: 1 },
})
const failure: RecordFailure = { stage: 'TRANSFORMATION', executing: 'MySmt', record: { source }, error: new DataException('bad') }

function reporterWith(contextHeaders = true) {
  const producer = new MemoryProducer()
  const control = new TaskControl('STARTED', () => undefined)
  onTestFinished(() => control.stop())
  const reporter = new DeadLetterQueueReporter({
    id: { connector: 'c', task: 1 },
    topic: 'dlq',
    contextHeaders,
    producer,
    metrics: new ErrorMetrics(control.metrics),
    outage: new Outage({ control, log: new CollectingLogger() }),
    signal: control.signal,
  })
  const counted = () => ({
    requests: control.metrics.get('deadletterqueue-produce-requests'),
    failures: control.metrics.get('deadletterqueue-produce-failures'),
  })
  return { reporter, producer, control, counted }
}

describe('DeadLetterQueueReporter', () => {
  it('sends the record of a source as JSON, with headers in Connect’s order and then its place in the source', async () => {
    const { reporter, producer, counted } = reporterWith()
    const sent: ProducerRecord[] = []
    producer.refuse = (record) => {
      sent.push({ ...record })
      return null
    }
    await reporter.report(failure)
    expect(sent).toMatchObject([{ topic: 'dlq', partition: null, timestamp: null, key: null }])
    expect(sent[0]!.value?.toString()).toBe('{"a":1}')
    expect(sent[0]!.headers.map(({ key, value }) => [key.replace('__connect.errors.', ''), value?.toString().split('\n')[0]])).toEqual([
      ['topic', 't'],
      ['partition', '2'],
      ['connector.name', 'c'],
      ['task.id', '1'],
      ['stage', 'TRANSFORMATION'],
      ['class.name', 'MySmt'],
      ['exception.class.name', 'org.apache.kafka.connect.errors.DataException'],
      ['exception.message', 'bad'],
      ['exception.stacktrace', 'org.apache.kafka.connect.errors.DataException: bad'],
      ['source.partition', '{"table":"x"}'],
      ['source.offset', '{"id":5}'],
    ])
    expect(counted()).toEqual({ requests: 1, failures: 0 })
  })

  it('shows each error where it was made, also those that come by turns', async () => {
    const { reporter, producer } = reporterWith()
    const traces: string[] = []
    producer.refuse = ({ headers }) => {
      traces.push(headers.find(({ key }) => key.endsWith('stacktrace'))!.value!.toString())
      return null
    }
    const errorOfConverter = () => new DataException('bad')
    const errorOfTask = () => new DataException('bad')
    const [one, other] = [errorOfConverter(), errorOfTask()]
    for (const error of [one, other, one, one]) await reporter.report({ ...failure, error })
    expect(traces.map((trace) => /at (errorOf\w+)/.exec(trace)![1])).toEqual([
      'errorOfConverter',
      'errorOfTask',
      'errorOfConverter',
      'errorOfConverter',
    ])
  })

  it('waits through an outage of Kafka, and is done when the record is there', async () => {
    const { reporter, producer, counted } = reporterWith()
    let refusals = 2
    producer.refuse = () => (refusals-- > 0 ? kafkaError(7) : null)
    await reporter.report(failure)
    expect(producer.sent).toHaveLength(1)
    expect(counted()).toEqual({ requests: 1, failures: 2 })
  })

  it('gives an outage up when the task stops: the record counts as not reported', async () => {
    const { reporter, producer, control, counted } = reporterWith()
    producer.refuse = () => kafkaError(7)
    const reported = reporter.report(failure)
    while (counted().failures === 0) await delay(2)
    control.stop()
    await expect(reported).rejects.toThrow(/^Could not write the record for topic t .* Its offset is not committed/)
  })

  it('fails at once when Kafka refuses the record', async () => {
    const { reporter, producer, counted } = reporterWith()
    producer.refuse = () => kafkaError(10)
    await expect(reporter.report(failure)).rejects.toThrow('or set errors.deadletterqueue.file instead')
    expect(counted()).toEqual({ requests: 1, failures: 1 })
  })
})

describe('ensureDeadLetterTopic', () => {
  const admin = (topics: string[], created: unknown = 'created') =>
    ({ listTopics: async () => topics, createTopics: async () => new Map([['dlq', created]]) }) as never

  it('takes a topic that is there, or that another task creates at the same time', async () => {
    await ensureDeadLetterTopic(admin(['dlq'], kafkaError(38)), 'dlq', 3)
    await ensureDeadLetterTopic(admin([], 'exists'), 'dlq', 3)
  })

  it('says what to set when it cannot be created', async () => {
    await expect(ensureDeadLetterTopic(admin([], kafkaError(38)), 'dlq', 3)).rejects.toThrow(
      /^Could not initialize dead letter queue with topic=dlq\. .*errors\.deadletterqueue\.topic\.replication\.factor=3/,
    )
  })
})
