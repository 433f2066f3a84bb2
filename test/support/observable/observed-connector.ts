import { isDeepStrictEqual } from 'node:util'
import { BroadcastChannel } from 'node:worker_threads'
import type { Props, SourceOffset, SourcePartition, SourceRecordInit } from '../../../src/api/index.ts'
import type { Herder } from '../../../src/runtime/herder.ts'
import type { ConnectorStatus, TargetState, TaskStatus } from '../../../src/runtime/state.ts'
import { connectorChannel, type Step, type ToConnector } from './dialogue.ts'
import { Director, type Script } from './director.ts'
import type { Scene } from './scene.ts'
import type { LogLine } from './story-log.ts'

/** An observable connector with its tasks. */
export class ObservedConnector {
  readonly name: string
  readonly topic: string
  readonly director: Director
  config: Props
  readonly #scene: Scene
  #lastStatus: TaskStatus | undefined
  /** What the next polls of the source do. */
  readonly #polls: Step[] = []
  /** The partition that polls read the stored offset of; null: none. */
  #watched: SourcePartition | null = null

  constructor(scene: Scene, name: string, topic: string, script: Script, config: Props) {
    this.#scene = scene
    this.name = name
    this.topic = topic
    this.config = config
    this.director = new Director(name, this.#withOffsets(script))
  }

  get group(): string {
    return `connect-${this.name}`
  }

  get #herder(): Herder {
    return this.#scene.stage.herder
  }

  /** Lines of this connector and its tasks. */
  get log(): readonly LogLine[] {
    return this.#scene.stage.log.lines.filter(({ context }) => context.includes(`[${this.name}|`))
  }

  logged(text: string | RegExp, level?: LogLine['level']): readonly LogLine[] {
    const matches = ({ message }: LogLine) => (typeof text === 'string' ? message.includes(text) : text.test(message))
    return this.log.filter((line) => matches(line) && (level === undefined || line.level === level))
  }

  /** Says something to the connector itself. */
  tell(message: ToConnector): void {
    const channel = new BroadcastChannel(connectorChannel(this.name))
    channel.postMessage(message)
    channel.close()
  }

  /** Status of the connector itself. */
  get own(): ConnectorStatus | null {
    return this.#herder.connectorStatus(this.name).connector
  }

  /** Waits for such a line. Lines of a lane may come later than what the task tells by itself. */
  async logs(text: string | RegExp, level?: LogLine['level']): Promise<readonly LogLine[]> {
    await this.#scene.until(() => this.logged(text, level).length > 0)
    return this.logged(text, level)
  }

  /** Status of a task; undefined before its first report. */
  status(task = 0): TaskStatus | undefined {
    return this.#herder.connectorStatus(this.name).tasks.find(({ id }) => id.task === task)
  }

  async reaches(state: TaskStatus['state'], task = 0): Promise<TaskStatus> {
    await this.#scene.until(() => this.status(task)?.state === state)
    return this.status(task)!
  }

  /** Offsets of the sink's group: of partition 0, or of the one given. Undefined: none yet. */
  async committed(partition = 0, topic = this.topic): Promise<number | undefined> {
    const offsets = await this.#scene.stage.admin.groupOffsets(this.group)
    return offsets.find((each) => each.topic === topic && each.partition === partition)?.offset
  }

  async commits(offset: number, partition = 0, topic = this.topic, patienceMs?: number): Promise<void> {
    await this.#scene.until(async () => (await this.committed(partition, topic)) === offset, patienceMs)
  }

  /** The next poll of the source gives these. */
  emit(...records: readonly (Partial<SourceRecordInit> & { readonly value: string | null })[]): void {
    this.play({ do: 'emit', records: records.map((record, index) => sourceRecord(this.topic, record, index)) })
  }

  /** The next poll of the source does this. */
  play(step: Step): void {
    this.#polls.push(step)
  }

  /** What a task that polls after now reads as the stored offset of a partition. */
  async storedOffset(partition: SourcePartition): Promise<SourceOffset | null> {
    const reads = () => this.director.calls.filter(({ outcome }) => outcome?.stored !== undefined)
    const before = reads().length
    this.#watched = partition
    await this.director.until(() => reads().length > before)
    this.#watched = null
    return reads().at(-1)?.outcome?.stored?.[0] ?? null
  }

  /** Waits until a task reads that as the stored offset of a partition. */
  async offsetIs(partition: SourcePartition, offset: SourceOffset | null): Promise<void> {
    await this.#scene.until(async () => isDeepStrictEqual(await this.storedOffset(partition), offset))
  }

  async create(initialState: TargetState = 'STARTED'): Promise<void> {
    await this.#herder.putConnectorConfig(this.name, this.config, { initialState })
  }

  async pause(): Promise<void> {
    await this.#herder.setTargetState(this.name, 'PAUSED')
  }

  async resume(): Promise<void> {
    await this.#herder.setTargetState(this.name, 'STARTED')
  }

  /** STOPPED: the tasks go, the connector stays. */
  async stop(): Promise<void> {
    await this.#herder.setTargetState(this.name, 'STOPPED')
  }

  async restartTask(task = 0): Promise<void> {
    await this.#herder.restartTask({ connector: this.name, task })
  }

  async reconfigure(changes: Props): Promise<void> {
    this.config = { ...this.config, ...changes }
    await this.#herder.putConnectorConfig(this.name, this.config, { allowReplace: true })
  }

  async delete(): Promise<void> {
    await this.#herder.deleteConnector(this.name)
  }

  async leave(): Promise<void> {
    this.director.release()
    this.#lastStatus = this.#herder.connectors().includes(this.name) ? this.status() : undefined
    if (this.#herder.connectors().includes(this.name)) await this.delete()
    this.director.close()
  }

  /** Before whatever a poll does, it reads the offset that the story wants to know. */
  #withOffsets(script: Script): Script {
    const poll = script.poll ?? (() => this.#polls.shift())
    return {
      ...script,
      poll: async (call) => {
        const answer = await poll(call)
        if (this.#watched === null) return answer
        const steps = answer === undefined ? [] : 'do' in answer ? [answer] : answer
        return [{ do: 'readOffsets', partitions: [this.#watched] }, ...steps]
      },
    }
  }

  /** What happened, for a story that went wrong. */
  story(): string {
    const lines = this.log.map(
      ({ level, context, message, error }) =>
        `${level} ${context} ${message} ${error instanceof Error ? `${error.name}: ${error.message}` : ''}`,
    )
    return `${this.director.toString()}\n${lines.join('\n')}\n${JSON.stringify(this.#lastStatus)}`
  }
}

function sourceRecord(topic: string, record: Partial<SourceRecordInit>, index: number): SourceRecordInit {
  return { topic, sourcePartition: { file: 'a' }, sourceOffset: { position: index + 1 }, ...record }
}
