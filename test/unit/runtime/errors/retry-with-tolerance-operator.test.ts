import { describe, expect, it } from 'vitest'
import { ConnectException, DataException, RetriableException } from '../../../../src/api/errors.ts'
import { SourceRecord } from '../../../../src/api/source.ts'
import { kafkaError } from '../../../../src/kafka/errors.ts'
import { TaskMetrics } from '../../../../src/metrics/task-metrics.ts'
import { ProcessingContext, type RecordFailure } from '../../../../src/runtime/errors/processing-context.ts'
import { RetryWithToleranceOperator, type ErrorReporter } from '../../../../src/runtime/errors/retry-with-tolerance-operator.ts'
import { ToleranceBudget, type ToleranceLimits } from '../../../../src/runtime/errors/tolerance-budget.ts'
import { Outage } from '../../../../src/runtime/outage.ts'
import type { TaskCondition } from '../../../../src/runtime/state.ts'
import { TaskControl } from '../../../../src/runtime/task-control.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

const record = { source: new SourceRecord({ topic: 't', sourcePartition: { file: 'f' }, sourceOffset: { position: 7 } }) }

const sendFailure = { stage: 'KAFKA_PRODUCE', executing: 'x', record } as const

interface Options {
  readonly tolerance?: 'none' | 'all'
  readonly retryTimeoutMs?: number
  readonly limits?: ToleranceLimits
  readonly reporters?: readonly ErrorReporter[]
}

function operatorWith({ tolerance = 'all', retryTimeoutMs = 0, limits, reporters }: Options = {}) {
  const conditions: (TaskCondition | null)[] = []
  const control = new TaskControl('STARTED', (_state, condition) => void conditions.push(condition))
  const log = new CollectingLogger()
  const reported: RecordFailure[] = []
  const context = new ProcessingContext()
  context.stage = 'TRANSFORMATION'
  context.executing = 'MySmt'
  const operator = new RetryWithToleranceOperator({
    context,
    policy: { retryTimeoutMs, retryDelayMaxMs: 1, tolerance },
    ...(limits === undefined ? {} : { budget: new ToleranceBudget(limits) }),
    reporters: reporters ?? [{ report: (failure) => void reported.push(failure) }],
    signal: control.signal,
    metrics: control.metrics,
    outage: new Outage({ control, log }),
  })
  return { operator, control, conditions, log, reported, metrics: control.metrics }
}

/** Fails with these errors, one a call, then gives 'done'. */
function failing(...errors: Error[]): () => string {
  return () => {
    const error = errors.shift()
    if (error !== undefined) throw error
    return 'done'
  }
}

const count = (metrics: TaskMetrics) => ({
  failures: metrics.get('total-record-failures'),
  errors: metrics.get('total-record-errors'),
  skipped: metrics.get('total-records-skipped'),
  retries: metrics.get('total-retries'),
})

const retriable = () => new RetriableException('not just now')

describe('RetryWithToleranceOperator', () => {
  it.each([
    ['DataException', new DataException('bad')],
    ['TypeError of a transformation', new TypeError('x is undefined')],
    ['ConnectException', new ConnectException('no')],
    ['text that was thrown', 'nonsense'],
  ])('skips a record with errors.tolerance=all after a %s', async (_, error) => {
    const { operator, reported, metrics } = operatorWith()
    expect(await operator.recover(record, error, failing())).toBeUndefined()
    expect(reported).toEqual([{ stage: 'TRANSFORMATION', executing: 'MySmt', record, error }])
    expect(count(metrics)).toEqual({ failures: 1, errors: 1, skipped: 1, retries: 0 })
    expect(metrics.get('last-error-timestamp')).toBeGreaterThan(1_700_000_000_000)
  })

  it('fails with errors.tolerance=none, saying where the record is, once it is reported', async () => {
    const { operator, reported, metrics } = operatorWith({ tolerance: 'none' })
    await expect(operator.recover(record, new DataException('bad'), failing())).rejects.toThrow(
      "Tolerance exceeded in error handler: TRANSFORMATION with MySmt failed for the record for topic t from { file: 'f' } at { position: 7 }. " +
        'Mend what is wrong and restart the task, or set errors.tolerance=all to skip such records',
    )
    expect(reported).toHaveLength(1)
    expect(count(metrics)).toEqual({ failures: 1, errors: 1, skipped: 0, retries: 0 })
  })

  it.each([
    ['an outage of Kafka', kafkaError(7)],
    ['a missing permission', kafkaError(29)],
    ['a wrong password', kafkaError(58)],
    ['a connection that is refused', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['the end of the stack', stackOverflow()],
  ])('never tolerates %s: it is not the record', async (_, error) => {
    const { operator } = operatorWith()
    await expect(operator.recover(record, error, failing())).rejects.toThrow(
      'and not because of the record, so that errors.tolerance does not apply',
    )
  })

  it('tolerates other RangeErrors, which are about the value', async () => {
    const { operator } = operatorWith()
    expect(await operator.recover(record, new RangeError('Invalid time value'), failing())).toBeUndefined()
  })

  it('tries a RetriableException again within errors.retry.timeout', async () => {
    const { operator, reported, metrics } = operatorWith({ retryTimeoutMs: -1, tolerance: 'none' })
    expect(await operator.recover(record, retriable(), failing(retriable(), retriable()))).toBe('done')
    expect(reported).toEqual([])
    expect(count(metrics)).toEqual({ failures: 3, errors: 0, skipped: 0, retries: 3 })
  })

  it('does not try again without errors.retry.timeout; the record is then subject to tolerance', async () => {
    const { operator, metrics } = operatorWith()
    expect(await operator.recover(record, retriable(), failing())).toBeUndefined()
    expect(count(metrics)).toEqual({ failures: 1, errors: 1, skipped: 1, retries: 0 })
    const strict = operatorWith({ tolerance: 'none' })
    await expect(strict.operator.recover(record, retriable(), failing())).rejects.toThrow('Tolerance exceeded')
  })

  it('stops trying at an error of another kind', async () => {
    const { operator, reported } = operatorWith({ retryTimeoutMs: -1 })
    const bad = new DataException('bad')
    expect(await operator.recover(record, retriable(), failing(bad))).toBeUndefined()
    expect(reported).toMatchObject([{ error: bad }])
  })

  it('says RETRYING from the second retry on, and when it is over', async () => {
    const { operator, conditions, log } = operatorWith({ retryTimeoutMs: -1 })
    await operator.recover(record, retriable(), failing())
    expect(conditions).toEqual([])
    await operator.recover(record, retriable(), failing(retriable()))
    expect(conditions).toMatchObject([{ kind: 'RETRYING', because: 'not just now' }, null])
    expect(log.lines[0]).toBe('WARN TRANSFORMATION with MySmt is tried again until it succeeds; nothing is skipped')
  })

  it('leaves a record unconsumed that is tried again while the task stops', async () => {
    const { operator, control, reported } = operatorWith({ retryTimeoutMs: -1 })
    const always = () => {
      control.stop()
      throw retriable()
    }
    await expect(operator.recover(record, retriable(), always)).rejects.toThrow('The task was stopped while a record was tried again')
    expect(reported).toEqual([])
  })

  it('fails when the budget is used up, saying budget, count, place of the last record, and what to do', async () => {
    const { operator, reported } = operatorWith({ limits: { maxCount: 1, maxRatio: 1, window: 1000 } })
    operator.succeeded(8)
    await operator.recover(record, new DataException('bad'), failing())
    await expect(operator.recover(record, new DataException('worse'), failing())).rejects.toThrow(
      'Tolerance exceeded in error handler: errors.tolerance.max.count=1 is used up, 2 of 10 records were bad since the task started. ' +
        "At the last one TRANSFORMATION with MySmt failed for the record for topic t from { file: 'f' } at { position: 7 }. " +
        'Mend what makes records bad and restart the task, which counts anew, or raise that limit',
    )
    expect(reported).toHaveLength(2)
  })

  it('counts an error that comes late as a failure, and as an error only when it fails the task, as Java does', async () => {
    const failure: RecordFailure = { ...sendFailure, error: kafkaError(10) }
    const { operator, metrics } = operatorWith()
    await operator.fail(failure)
    expect(count(metrics)).toEqual({ failures: 1, errors: 0, skipped: 0, retries: 0 })
    const strict = operatorWith({ tolerance: 'none' })
    await expect(strict.operator.fail(failure)).rejects.toThrow('Tolerance exceeded')
    expect(count(strict.metrics)).toEqual({ failures: 1, errors: 1, skipped: 0, retries: 0 })
  })

  it('waits for the report before it fails, and never waits for one it tolerates', async () => {
    const gate = Promise.withResolvers<void>()
    const slow: ErrorReporter = { keepsRecords: true, report: () => gate.promise }
    const tolerant = operatorWith({ reporters: [slow] })
    await tolerant.operator.recover(record, new DataException('bad'), failing())
    const strict = operatorWith({ reporters: [slow], tolerance: 'none' })
    let failed = false
    const failure = strict.operator.recover(record, new DataException('bad'), failing()).catch(() => (failed = true))
    await new Promise(setImmediate)
    expect(failed).toBe(false)
    gate.resolve()
    await failure
    expect(failed).toBe(true)
  })

  it.each([
    ['conversions', (operator: RetryWithToleranceOperator) => operator.recover(record, new DataException('bad'), failing())],
    ['sends', (operator: RetryWithToleranceOperator) => operator.fail({ ...sendFailure, error: kafkaError(10) })],
  ])('holds failed %s back when a thousand reports are not safe yet', async (_, fail) => {
    const gate = Promise.withResolvers<void>()
    const { operator } = operatorWith({ reporters: [{ report: () => gate.promise }] })
    for (let i = 0; i < 999; i++) await fail(operator)
    let goesOn = false
    const next = fail(operator).then(() => (goesOn = true))
    await new Promise(setImmediate)
    expect(goesOn).toBe(false)
    gate.resolve()
    await next
  })

  it('says that a report was lost to whoever asks before offsets are stored', async () => {
    const lost = new ConnectException('disk is gone')
    const { operator } = operatorWith({ reporters: [{ report: () => Promise.reject(lost) }] })
    await operator.recover(record, new DataException('bad'), failing())
    await expect(operator.reportsSafe()).rejects.toThrow('disk is gone')
    expect(() => operator.throwIfReportLost()).toThrow('disk is gone')
  })
})

function stackOverflow(): unknown {
  const deeper = (): number => 1 + deeper()
  try {
    return deeper()
  } catch (error) {
    return error
  }
}
