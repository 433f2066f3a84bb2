import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Logger, Props, SinkTaskContext, SourceOffset, SourceTaskContext } from 'standpipe/api'
import { FileStreamSinkTask } from '../../connectors/file/file-stream-sink-task.ts'
import { FileStreamSourceTask } from '../../connectors/file/file-stream-source-task.ts'
import { CollectingLogger } from './fakes/collecting-logger.ts'

/** A folder that is removed when the test is over. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'standpipe-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface SourceTaskOptions {
  /** What the offset store holds for the file. */
  readonly offset?: SourceOffset | null
  readonly log?: Logger
  readonly signal?: AbortSignal
}

/** A started file source with short waits; stopped when the test is over. */
export async function startedSourceTask(props: Props, options: SourceTaskOptions = {}): Promise<FileStreamSourceTask> {
  const task = new FileStreamSourceTask({ waitMs: 40, checkMs: 10 })
  const stored = options.offset ?? null
  const context: SourceTaskContext = {
    configs: () => props,
    log: options.log ?? new CollectingLogger(),
    signal: options.signal ?? new AbortController().signal,
    transactionContext: null,
    offsetStorageReader: { offset: async () => stored, offsets: async (partitions) => partitions.map(() => stored) },
  }
  task.initialize(context)
  onTestFinished(() => task.stop())
  await task.start(props)
  return task
}

/** Values of what one poll returns. */
export async function polledLines(task: FileStreamSourceTask): Promise<unknown[] | null> {
  const records = await task.poll()
  return records === null ? null : records.map((record) => record.value)
}

/** Lines of as many polls as it takes to get `count` of them. */
export async function linesUntil(task: FileStreamSourceTask, count: number): Promise<unknown[]> {
  const lines: unknown[] = []
  while (lines.length < count) lines.push(...((await polledLines(task)) ?? []))
  return lines
}

/** A started file sink; stopped when the test is over. */
export async function startedSinkTask(props: Props, log: Logger = new CollectingLogger()): Promise<FileStreamSinkTask> {
  const task = new FileStreamSinkTask()
  const context: SinkTaskContext = {
    configs: () => props,
    log,
    assignment: () => [],
    offset: () => undefined,
    timeout: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    requestCommit: () => undefined,
    errantRecordReporter: null,
    signal: new AbortController().signal,
  }
  task.initialize(context)
  onTestFinished(() => task.stop())
  await task.start(props)
  return task
}

export { sinkRecords } from './sink-records.ts'
