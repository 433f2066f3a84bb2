import { describe, expect, it } from 'vitest'
import { ConnectException } from '../../../src/api/errors.ts'
import { SourceRecord } from '../../../src/api/source.ts'
import { kafkaError } from '../../../src/kafka/errors.ts'
import { OffsetStorageWriter } from '../../../src/offsets/offset-storage-writer.ts'
import { TransactionOffsets } from '../../../src/offsets/transaction-offsets.ts'
import { TaskTakenOverException } from '../../../src/runtime/errors/task-taken-over.ts'
import { Outage } from '../../../src/runtime/outage.ts'
import { SourceTransaction } from '../../../src/runtime/source-transaction.ts'
import { SubmittedRecords } from '../../../src/runtime/submitted-records.ts'
import { TaskControl } from '../../../src/runtime/task-control.ts'
import { ConnectorBoundary, IntervalBoundary, pollBoundary, type TransactionBoundary } from '../../../src/runtime/transaction-boundary.ts'
import { TransactionalCommitter } from '../../../src/runtime/transactional-committer.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { MemoryProducer } from '../../support/fakes/memory-producer.ts'

const partition = { file: 'f' }

/** A committer as the task's loop uses it, over a producer in memory. */
async function committerWith(boundary: TransactionBoundary = pollBoundary) {
  const producer = new MemoryProducer()
  const log = new CollectingLogger()
  const control = new TaskControl('STARTED', () => undefined)
  const time = { now: 0 }
  const transaction = new SourceTransaction({ producer, id: 'connect-standalone-c-0', timeoutMs: 60_000, now: () => time.now })
  const writer = new OffsetStorageWriter(new TransactionOffsets(transaction, 'offsets'), 'c')
  const outage = new Outage({ control, log })
  const committer = new TransactionalCommitter({ transaction, writer, boundary, metrics: control.metrics, outage, log })
  const failed: unknown[] = []
  const submitted = new SubmittedRecords({ recordDelivered: () => undefined, recordFailed: (_record, error) => void failed.push(error) })
  const settleFailed = async () => {
    if (failed.length > 0) throw new ConnectException('Kafka refused a record', { cause: failed[0] })
  }
  let commits = 0
  await committer.prepare()
  committer.start({ submitted, settleFailed, committed: async () => void commits++ })
  const send = async (position: number) => {
    const record = new SourceRecord({ topic: 't', sourcePartition: partition, sourceOffset: { position } })
    const value = Buffer.from(String(position))
    const outgoing = { topic: 't', partition: null, timestamp: null, key: null, value, headers: [] }
    await transaction.send(outgoing, submitted.submit(partition, record.sourceOffset, 't', null))
    await committer.recordSent?.(record)
    return record
  }
  return { producer, committer, control, time, log, send, commits: () => commits }
}

const values = ({ transactions }: MemoryProducer) =>
  transactions.map(({ state, records }) => [state, ...records.map(({ topic, value }) => `${topic}:${value}`)])

describe('records and offsets in one transaction', () => {
  it('registers before the task reads its offsets, and begins nothing before there is a record', async () => {
    const { producer, committer } = await committerWith()
    await committer.batchSent()
    expect(producer.calls).toEqual(['initTransactions'])
  })

  it('commits the records of a poll together with the offset of the last one', async () => {
    const { producer, committer, send, commits, control } = await committerWith()
    await send(1)
    await send(2)
    await committer.batchSent()
    await send(3)
    await committer.batchSent()
    expect(values(producer)).toEqual([
      ['committed', 't:1', 't:2', 'offsets:{"position":2}'],
      ['committed', 't:3', 'offsets:{"position":3}'],
    ])
    expect(producer.transactions[0]!.records.at(-1)!.key).toBe('["c",{"file":"f"}]')
    expect(commits()).toBe(2)
    expect(control.metrics.snapshot()).toMatchObject({ 'transaction-size-min': 1, 'transaction-size-max': 2, 'transaction-size-avg': 1.5 })
  })

  it('commits nothing of a poll of which Kafka refused a record, and the refusal is what is said', async () => {
    const { producer, committer, send } = await committerWith()
    await send(1)
    producer.refuse = () => kafkaError(87)
    await send(2)
    await expect(committer.batchSent()).rejects.toThrow('Kafka refused a record')
    await committer.finish(true)
    expect(values(producer)).toEqual([['aborted', 't:1']])
  })

  it('commits what is open when the task stops, and aborts it when the task fails', async () => {
    const stopped = await committerWith({ ...pollBoundary, afterBatch: () => null })
    await stopped.send(1)
    await stopped.committer.finish(false)
    expect(values(stopped.producer)).toEqual([['committed', 't:1', 'offsets:{"position":1}']])
    const failed = await committerWith({ ...pollBoundary, afterBatch: () => null })
    await failed.send(1)
    await failed.committer.finish(true)
    expect(values(failed.producer)).toEqual([['aborted', 't:1']])
  })

  it('ends transactions where the connector says, and keeps the offsets of those it aborts', async () => {
    const boundary = new ConnectorBoundary()
    const { producer, committer, send } = await committerWith(boundary)
    await send(1)
    boundary.commitTransaction()
    await committer.batchSent()
    await send(2)
    boundary.abortTransaction()
    await committer.batchSent()
    await send(3)
    await committer.batchSent()
    await committer.finish(false)
    expect(values(producer)).toEqual([
      ['committed', 't:1', 'offsets:{"position":1}'],
      ['aborted', 't:2'],
      ['committed', 'offsets:{"position":2}'],
      ['aborted', 't:3'],
    ])
  })

  it('commits what is open before a pause, so that nothing times out meanwhile', async () => {
    const { producer, committer, send, log } = await committerWith(new IntervalBoundary(60_000))
    await send(1)
    await committer.batchSent()
    await committer.pausing()
    await committer.pausing()
    expect(values(producer)).toEqual([['committed', 't:1', 'offsets:{"position":1}']])
    await send(2)
    await committer.finish(false)
    expect(values(producer).at(-1)).toEqual(['committed', 't:2', 'offsets:{"position":2}'])
    expect(log.lines).toEqual([])
  })

  it('leaves open in a pause what only the connector may end, and says what comes of it', async () => {
    const boundary = new ConnectorBoundary()
    const { producer, committer, send, log } = await committerWith(boundary)
    await send(1)
    await committer.batchSent()
    await committer.pausing()
    expect(values(producer)).toEqual([['open', 't:1']])
    expect(log.lines).toEqual([expect.stringMatching(/^WARN The task is paused within a transaction .* transaction\.timeout\.ms=60000/)])
    boundary.commitTransaction()
    await committer.pausing()
    expect(values(producer)).toEqual([['committed', 't:1', 'offsets:{"position":1}']])
  })

  it('says that another worker has taken over when it is fenced', async () => {
    const { producer, committer, send } = await committerWith()
    await send(1)
    producer.refuseCall = () => kafkaError(90)
    const error = committer.explained(await committer.batchSent()!.catch((reason: unknown) => reason))
    expect(error).toBeInstanceOf(TaskTakenOverException)
    expect((error as Error).message).toMatch(
      /^Another producer has taken over the transactional id connect-standalone-c-0, so this task is fenced/,
    )
  })

  it('says that the transaction was open for too long when it is fenced after that time, so that the task may start again', async () => {
    const { producer, committer, send, time } = await committerWith()
    await send(1)
    time.now = 60_000
    producer.refuseCall = () => kafkaError(90)
    const error = committer.explained(await committer.batchSent()!.catch((reason: unknown) => reason))
    expect(error).not.toBeInstanceOf(TaskTakenOverException)
    expect((error as Error).message).toContain('it was open for longer than transaction.timeout.ms=60000')
  })
})
