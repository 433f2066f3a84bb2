/** Declares one metric: its group and name are Connect's where Connect has it (Apache Kafka 4.3, ConnectMetricsRegistry). */
export interface MetricDeclaration {
  readonly group: 'source-task-metrics' | 'sink-task-metrics' | 'connector-task-metrics' | 'task-error-metrics'
  /** A total only grows while the task lives; a gauge is what is true now. */
  readonly kind: 'total' | 'gauge'
  readonly doc: string
  /** True: Connect has no such metric. */
  readonly ours?: true
}

const sourceTask = (kind: 'total' | 'gauge', doc: string) => ({ group: 'source-task-metrics', kind, doc }) as const
const sinkTask = (kind: 'total' | 'gauge', doc: string) => ({ group: 'sink-task-metrics', kind, doc }) as const
const taskErrors = (kind: 'total' | 'gauge', doc: string) => ({ group: 'task-error-metrics', kind, doc }) as const
const timeSpent = (doc: string) => ({ group: 'connector-task-metrics', kind: 'total', doc, ours: true }) as const
const inflight = (doc: string) => ({ group: 'connector-task-metrics', kind: 'gauge', doc, ours: true }) as const

/**
 * Every metric of a task, each with its place in the task's numbers: the order of this list. Counted from the start of the task on.
 */
export const taskMetricDeclarations = {
  'source-record-poll-total': sourceTask('total', 'Records that poll() returned, before transformations.'),
  'source-record-write-total': sourceTask('total', 'Records that Kafka acknowledged.'),
  'source-record-active-count': sourceTask('gauge', 'Records polled and not acknowledged yet.'),
  'transaction-size-min': sourceTask('gauge', 'Fewest records, offsets included, that one transaction has committed; 0: none was.'),
  'transaction-size-max': sourceTask('gauge', 'Most records that one transaction has committed.'),
  'transaction-size-avg': sourceTask('gauge', 'Records that a transaction has committed, on average.'),
  'sink-record-read-total': sinkTask('total', 'Records read from Kafka, before transformations.'),
  'sink-record-send-total': sinkTask('total', 'Records that put() took.'),
  'sink-record-active-count': sinkTask('gauge', 'Records read and not committed yet.'),
  'sink-record-lag': { ...sinkTask('gauge', 'Records of the assigned partitions that are not read yet.'), ours: true },
  'partition-count': sinkTask('gauge', 'Partitions assigned to the task.'),
  'offset-commit-completion-total': sinkTask('total', 'Commits of offsets that succeeded.'),
  'total-record-failures': taskErrors('total', 'Attempts at a record that failed.'),
  'total-record-errors': taskErrors('total', 'Records given up.'),
  'total-records-skipped': taskErrors('total', 'Records skipped because of errors.'),
  'total-retries': taskErrors('total', 'Attempts that were repeated.'),
  'total-errors-logged': taskErrors('total', 'Errors that errors.log.enable wrote to the log.'),
  'deadletterqueue-produce-requests': taskErrors('total', 'Records handed to the dead letter queue.'),
  'deadletterqueue-produce-failures': taskErrors('total', 'Records that the dead letter queue did not take.'),
  'last-error-timestamp': taskErrors('gauge', 'Time of the last failed attempt in milliseconds since 1970; 0: none.'),
  'poll-time-ms-total': timeSpent('Time in poll() of the task or of the consumer.'),
  'convert-time-ms-total': timeSpent('Time in converters.'),
  'transform-time-ms-total': timeSpent('Time in transformations.'),
  'put-time-ms-total': timeSpent('Time in put(), or handing records to the producer.'),
  'commit-time-ms-total': timeSpent('Time in preCommit() and in commits.'),
  'inflight-bytes': inflight('Bytes fetched and not put yet, or sent and not acknowledged.'),
  'inflight-bytes-limit': inflight('Most such bytes: the task’s share of worker.max.inflight.bytes.'),
} as const satisfies Record<string, MetricDeclaration>

export type TaskMetricName = keyof typeof taskMetricDeclarations
