import { setTimeout as delay } from 'node:timers/promises'
import { SourceRecord, SourceTask, type Props, type RecordMetadata } from '../../../src/api/index.ts'
import { Actor, stopOf } from './actor.ts'
import { observableKeys, type Outcome, type Step } from './dialogue.ts'
import { ObservableConnector } from './observable-connector.ts'

/** A source without records still has to take its time. */
const idleMs = 10

/** A source task that does nothing but what its story says. */
class ObservableSourceTask extends SourceTask {
  readonly version = '1'
  #actor: Actor | null = null
  #commitRecordThrows = false
  #polled: readonly SourceRecord[] | null = null

  override initialize(context: SourceTask['context']): void {
    super.initialize(context)
    const props = context.configs()
    this.#commitRecordThrows = props[observableKeys.commitRecordThrows] === 'true'
    this.#actor = new Actor(props[observableKeys.story] ?? '', Number(props['task']))
    this.#actor.note('initialize', {})
  }

  async start(props: Props): Promise<void> {
    await this.#actor?.act('start', { props: { ...props } }, (step) => this.#take(step))
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    this.#polled = null
    await this.#actor?.act('poll', {}, (step) => this.#take(step))
    if (this.#polled === null) await delay(idleMs)
    return this.#polled
  }

  override commitRecord({ value }: SourceRecord, metadata: RecordMetadata | null): void {
    const threw = this.#commitRecordThrows ? 'as the story wants it' : null
    this.#actor?.note('commitRecord', { committed: { value, metadata: metadata && { ...metadata } } }, threw)
    if (threw !== null) throw new Error(threw)
  }

  override async commit(): Promise<void> {
    await this.#actor?.act('commit', {}, (step) => this.#take(step))
  }

  async stop(): Promise<void> {
    await this.#actor?.act('stop', {}, (step) => this.#take(step))
    this.#actor?.close()
  }

  async #take(step: Step): Promise<Partial<Outcome> | void> {
    switch (step.do) {
      case 'awaitStop':
        return stopOf(this.context.signal)
      case 'emit':
        this.#polled = step.records.map((record) => new SourceRecord(record))
        return
      case 'readOffsets':
        return { stored: await this.context.offsetStorageReader.offsets(step.partitions) }
      default: // taken by the actor, or of sinks
    }
  }
}

export class ObservableSourceConnector extends ObservableConnector {
  readonly kind = 'source'
  readonly taskClass = ObservableSourceTask
}

/** Does nothing until it is stopped. Keeps a lane alive between stories. */
class IdleTask extends SourceTask {
  readonly version = '1'
  start(): void {}
  stop(): void {}

  async poll(): Promise<null> {
    await stopOf(this.context.signal)
    return null
  }
}

export class IdleSourceConnector extends ObservableConnector {
  readonly kind = 'source'
  readonly taskClass = IdleTask
}
