import type { Logger } from '../api/logger.ts'
import type { ClientProps, InflightBytes, KafkaClients } from '../kafka/ports.ts'
import { taskMetricIndex, type TaskMetrics } from '../metrics/task-metrics.ts'

const bytesIndex = taskMetricIndex('inflight-bytes')
const limitIndex = taskMetricIndex('inflight-bytes-limit')

/** The share of one task, divided evenly among its clients that carry records: a sink's consumer and its dead letter queue's producer. */
class TaskInflightBytes implements InflightBytes {
  readonly #metrics: TaskMetrics
  clients = 0

  constructor(metrics: TaskMetrics) {
    this.#metrics = metrics
  }

  /** A task that nobody gave a share has all it wants. */
  get limit(): number {
    return (this.#metrics.at(limitIndex) || Infinity) / Math.max(this.clients, 1)
  }

  add(bytes: number): void {
    this.#metrics.add(bytesIndex, bytes)
  }
}

/**
 * Clients that stay within the task's share of `worker.max.inflight.bytes`, also where the user set `buffer.memory` or `fetch.max.bytes`
 * higher.
 */
export function clientsWithinInflightBytes(kafka: KafkaClients, metrics: TaskMetrics): KafkaClients {
  const inflight = new TaskInflightBytes(metrics)
  return {
    producer(props, log) {
      inflight.clients++
      warnOfSmallerShare('buffer.memory', props, inflight.limit, log)
      return kafka.producer(props, log, inflight)
    },
    consumer(props, log) {
      inflight.clients++
      warnOfSmallerShare('fetch.max.bytes', props, inflight.limit, log)
      return kafka.consumer(props, log, inflight)
    },
    admin: (props, log) => kafka.admin(props, log),
  }
}

/** Only of what the user asked for: defaults give way silently. */
function warnOfSmallerShare(key: string, props: ClientProps, share: number, log: Logger): void {
  const configured = Number(props[key])
  if (!(configured > share)) return
  log.warn(
    `${key}=${configured} is more than the ${Math.floor(share)} bytes that are now this task’s share of worker.max.inflight.bytes, which counts`,
  )
}
