/**
 * What an observable task and its story say to each other, over a BroadcastChannel: it reaches tasks in this thread and in lanes alike.
 * The task announces each call of the runtime and waits; the story answers with the steps to take; the task says how it went.
 */
import type {
  RecordMetadata,
  SourceOffset,
  SourcePartition,
  SourceRecordInit,
  TopicPartition,
  TopicPartitionOffset,
} from '../../../src/api/index.ts'

export type CallName = 'initialize' | 'start' | 'open' | 'put' | 'preCommit' | 'close' | 'stop' | 'poll' | 'commit' | 'commitRecord'

/** A sink record as `put` got it. Keys and values that are no plain JSON are shown in Java's text form. */
export interface RecordFacts extends TopicPartition {
  readonly offset: number
  readonly original: TopicPartitionOffset
  readonly key: unknown
  readonly value: unknown
  readonly headers: readonly { readonly key: string; readonly value: unknown }[]
  readonly timestamp: number | null
}

/** What the runtime called a task with. Which members are there depends on the call. */
export interface Facts {
  readonly props?: Readonly<Record<string, string>>
  readonly partitions?: readonly TopicPartition[]
  readonly records?: readonly RecordFacts[]
  readonly offsets?: readonly TopicPartitionOffset[]
  /** Of commitRecord: the value, and null for a record that was dropped. */
  readonly committed?: { readonly value: unknown; readonly metadata: RecordMetadata | null }
}

export interface ErrorSpec {
  readonly type: 'RetriableException' | 'DataException' | 'ConnectException' | 'Error'
  readonly message: string
  /** As Node's errors of sockets and files have. */
  readonly code?: string
  readonly cause?: ErrorSpec
}

/** One thing a task does inside a call. */
export type Step =
  | { readonly do: 'throw'; readonly error: ErrorSpec }
  /** An error that nobody catches, thrown outside of the call. */
  | { readonly do: 'crash'; readonly message: string }
  | { readonly do: 'awaitStop' }
  /** Keeps the thread busy. */
  | { readonly do: 'block'; readonly ms: number }
  /** Errant records: those with these values. `swallow`: catches what the reporter throws; `await`: waits for the report inside `put`. */
  | {
      readonly do: 'report'
      readonly values: readonly unknown[]
      readonly error: ErrorSpec
      readonly swallow?: boolean
      readonly await?: boolean
    }
  /** Reports a record that the task has made itself. */
  | { readonly do: 'reportOwn'; readonly value: string; readonly error: ErrorSpec }
  | { readonly do: 'timeout'; readonly ms: number }
  | { readonly do: 'pause' | 'resume'; readonly partitions: readonly TopicPartition[] }
  | { readonly do: 'requestCommit' }
  | { readonly do: 'seek'; readonly offsets: readonly TopicPartitionOffset[] }
  /** Of preCommit; absent: all of the current offsets. */
  | { readonly do: 'commitOnly'; readonly offsets: readonly TopicPartitionOffset[] }
  /** Of poll. */
  | { readonly do: 'emit'; readonly records: readonly SourceRecordInit[] }
  | { readonly do: 'readOffsets'; readonly partitions: readonly SourcePartition[] }

/** How a call ended. */
export interface Outcome {
  /** Text of what it threw; null: it returned. */
  readonly threw: string | null
  /** Whether there was a reporter, for steps that report. */
  readonly reporter?: boolean
  readonly stored?: readonly (SourceOffset | null)[]
}

export type FromTask =
  | {
      readonly type: 'call'
      readonly id: string
      readonly name: CallName
      readonly task: number
      readonly life: string
      readonly facts: Facts
    }
  | { readonly type: 'done'; readonly id: string; readonly outcome: Outcome }

export interface FromStory {
  readonly type: 'answer'
  readonly id: string
  readonly steps: readonly Step[]
}

/** What a story tells a connector, which runs in the main thread: to ask for so many tasks, or that it cannot go on. */
export type ToConnector = { readonly type: 'reconfigure'; readonly tasks: number } | { readonly type: 'fail'; readonly error: ErrorSpec }

export function connectorChannel(story: string): string {
  return `${story}/connector`
}

/** Keys of an observable connector. */
export const observableKeys = {
  /** Name of the channel. */
  story: 'observable.story',
  /** How many tasks it wants; default: as many as `tasks.max` allows. */
  tasks: 'observable.tasks',
  /** The call of the connector itself that throws: start, taskConfigs or stop. */
  connectorFails: 'observable.connector.fails',
  /** `true`: commitRecord() throws. */
  commitRecordThrows: 'observable.commit.record.throws',
  /** `true`: records are not shown one by one, so that large batches stay cheap. */
  terse: 'observable.terse',
} as const
