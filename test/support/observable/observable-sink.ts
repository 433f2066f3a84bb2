import { javaText, SinkRecord, SinkTask, type Props, type TopicPartition, type TopicPartitionOffset } from '../../../src/api/index.ts'
import { Actor, errorOf, stopOf } from './actor.ts'
import { observableKeys, type Facts, type Outcome, type RecordFacts, type Step } from './dialogue.ts'
import { ObservableConnector } from './observable-connector.ts'

const mostLatest = 1000

/** A sink task that does nothing but what its story says. */
class ObservableSinkTask extends SinkTask {
  readonly version = '1'
  #actor: Actor | null = null
  #terse = false
  #batch: readonly SinkRecord[] = []
  /** The latest records, of which some may be reported after their put. */
  #latest: readonly SinkRecord[] = []
  #toCommit: readonly TopicPartitionOffset[] = []

  override initialize(context: SinkTask['context']): void {
    super.initialize(context)
    const props = context.configs()
    this.#terse = props[observableKeys.terse] === 'true'
    this.#actor = new Actor(props[observableKeys.story] ?? '', Number(props['task']))
    this.#actor.note('initialize', {})
  }

  async start(props: Props): Promise<void> {
    await this.#act('start', { props: { ...props } })
  }

  override async open(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#act('open', { partitions: partitions.map(plain) })
  }

  async put(records: readonly SinkRecord[]): Promise<void> {
    this.#batch = records
    if (!this.#terse) this.#latest = [...this.#latest, ...records].slice(-mostLatest)
    await this.#act('put', { records: this.#terse ? [] : records.map(factsOf) })
  }

  override async preCommit(offsets: readonly TopicPartitionOffset[]): Promise<readonly TopicPartitionOffset[]> {
    this.#toCommit = offsets
    await this.#act('preCommit', { offsets: offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset })) })
    return this.#toCommit
  }

  override async close(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#act('close', { partitions: partitions.map(plain) })
  }

  async stop(): Promise<void> {
    await this.#act('stop', {})
    this.#actor?.close()
  }

  async #act(name: Parameters<Actor['act']>[0], facts: Facts): Promise<void> {
    await this.#actor?.act(name, facts, (step) => this.#take(step))
  }

  async #take(step: Step): Promise<Partial<Outcome> | void> {
    const { context } = this
    switch (step.do) {
      case 'awaitStop':
        return stopOf(context.signal)
      case 'timeout':
        return context.timeout(step.ms)
      case 'pause':
      case 'resume':
        return context[step.do](step.partitions)
      case 'requestCommit':
        return context.requestCommit()
      case 'seek':
        return context.offset(step.offsets)
      case 'commitOnly':
        this.#toCommit = step.offsets
        return
      case 'report':
        return this.#report(step)
      case 'reportOwn':
        await context.errantRecordReporter?.report(ownRecord(this.#batch[0], step.value), errorOf(step.error))
        return
      default: // taken by the actor, or of sources
    }
  }

  async #report({ values, error, swallow = false, await: waits = false }: Extract<Step, { do: 'report' }>): Promise<Partial<Outcome>> {
    const reporter = this.context.errantRecordReporter
    for (const value of values) {
      const record = this.#latest.findLast((each) => each.value === value)
      if (record === undefined) throw new Error(`There was no record with value ${String(value)}`)
      try {
        const reported = reporter?.report(record, errorOf(error))
        if (waits) await reported
      } catch (thrown) {
        if (!swallow) throw thrown
      }
    }
    return { reporter: reporter !== null }
  }
}

function ownRecord(like: SinkRecord | undefined, value: string): SinkRecord {
  if (like === undefined) throw new Error('reportOwn needs a batch')
  const { originalTopic: topic, originalKafkaPartition: kafkaPartition, kafkaOffset, timestampType } = like
  return new SinkRecord({ topic, kafkaPartition, kafkaOffset, timestampType, value })
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

function factsOf(record: SinkRecord): RecordFacts {
  return {
    topic: record.topic,
    partition: record.kafkaPartition ?? -1,
    offset: record.kafkaOffset,
    original: { topic: record.originalTopic, partition: record.originalKafkaPartition, offset: record.originalKafkaOffset },
    key: shown(record.key),
    value: shown(record.value),
    headers: record.headers.map(({ key, value }) => ({ key, value: shown(value) })),
    timestamp: record.timestamp,
  }
}

function shown(value: SinkRecord['value']): unknown {
  return value !== null && typeof value === 'object' ? javaText(value, null) : value
}

export class ObservableSinkConnector extends ObservableConnector {
  readonly kind = 'sink'
  readonly taskClass = ObservableSinkTask
}
