import {
  ConnectException,
  type ErrantRecordReporter,
  type Logger,
  type SinkRecord,
  type SinkTaskContext,
  type TopicPartition,
} from 'standpipe/api'

/** A sink task's context that remembers what the task asked for. */
export class RecordingSinkTaskContext implements SinkTaskContext {
  readonly log: Logger
  readonly errantRecordReporter: ErrantRecordReporter | null
  readonly stopping = new AbortController()
  readonly signal = this.stopping.signal
  readonly reported: { readonly record: SinkRecord; readonly error: Error }[] = []
  /** Of the last call of `timeout`; null: none since it was reset. */
  timeoutMs: number | null = null

  /** @param reporter throws: as the framework's with `errors.tolerance=none`; rejects: as one whose dead letter cannot be sent; null: none is configured */
  constructor(log: Logger, reporter: 'takes all' | 'throws' | 'rejects' | null = 'takes all') {
    this.log = log
    const report = (record: SinkRecord, error: Error): Promise<void> => {
      this.reported.push({ record, error })
      if (reporter === 'throws') throw new ConnectException('Tolerance exceeded in error handler', { cause: error })
      return reporter === 'rejects' ? Promise.reject(new ConnectException('no dead letter', { cause: error })) : Promise.resolve()
    }
    this.errantRecordReporter = reporter === null ? null : { report }
  }

  configs(): Record<string, string> {
    return {}
  }

  assignment(): TopicPartition[] {
    return []
  }

  timeout(ms: number): void {
    this.timeoutMs = ms
  }

  offset(): void {}
  pause(): void {}
  resume(): void {}
  requestCommit(): void {}
}
