import { describe, expect, it } from 'vitest'
import { SourceRecord } from '../../../src/api/source.ts'
import { ConnectorBoundary, IntervalBoundary, pollBoundary } from '../../../src/runtime/transaction-boundary.ts'

const record = () => new SourceRecord({ topic: 't', sourcePartition: {}, sourceOffset: {} })

describe('where the transactions of a source end', () => {
  it('poll: behind the records of each poll', () => {
    expect(pollBoundary.afterRecord).toBeNull()
    expect([pollBoundary.afterBatch(), pollBoundary.afterBatch()]).toEqual(['commit', 'commit'])
  })

  it('interval: behind the first batch that ends so long after the last commit', () => {
    let now = 1000
    const boundary = new IntervalBoundary(500, () => now)
    now = 1499
    expect(boundary.afterBatch()).toBeNull()
    now = 1500
    expect(boundary.afterBatch()).toBe('commit')
    now = 1999
    expect(boundary.afterBatch()).toBeNull()
  })

  it('connector: behind the record that the task names, and behind the batch when it names none', () => {
    const boundary = new ConnectorBoundary()
    const [first, second, third] = [record(), record(), record()]
    boundary.transactionContext.commitTransaction(first)
    boundary.transactionContext.abortTransaction(second)
    boundary.transactionContext.commitTransaction()
    expect([first, second, third].map((each) => boundary.afterRecord(each))).toEqual(['commit', 'abort', null])
    expect([boundary.afterBatch(), boundary.afterBatch()]).toEqual(['commit', null])
  })

  it('connector: a task that asks for both ends at one place is told so', () => {
    const boundary = new ConnectorBoundary()
    const last = record()
    boundary.commitTransaction(last)
    expect(() => boundary.abortTransaction(last)).toThrow('The task asked to commit this transaction already')
    boundary.commitTransaction(last)
  })

  it('what is open when the task is paused or stops is committed, unless the task says where: then it needs to have asked for it', () => {
    expect([pollBoundary.atRest(), new IntervalBoundary(1).atRest(), new ConnectorBoundary().atRest()]).toEqual(['commit', 'commit', null])
    const boundary = new ConnectorBoundary()
    boundary.commitTransaction()
    expect([boundary.atRest(), boundary.atRest()]).toEqual(['commit', null])
  })
})
