import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SinkRecord, type SourceOffset, type SourceRecord } from 'standpipe/api'
import { afterAll, describe, expect, it } from 'vitest'
import type { FileStreamSourceTask } from '../../connectors/file/file-stream-source-task.ts'
import { decodeConfig, decodeData, decodeValue, expectThrown, readCases, type RecordedCase, type RecordedData, type TaggedValue } from '../support/compat-data.ts'
import { scratchFolder, startedSinkTask, startedSourceTask } from '../support/file-stream.ts'

interface SinkCase extends RecordedCase {
  readonly op: 'sink'
  readonly records: readonly RecordedData[]
  readonly want: string
  readonly volatile?: boolean
}

interface Step {
  readonly do: string
  readonly text?: string
  readonly want?: readonly { readonly value: string; readonly offset: TaggedValue }[] | null
}

interface SourceCase extends RecordedCase {
  readonly op: 'source'
  readonly config: Record<string, string | null>
  readonly startOffset: TaggedValue
  readonly steps: readonly Step[]
}

/** Deliberate departures: the reason, and the values our polls return where Java's are in the case. */
const departures = new Map<string, { readonly reason: string; readonly polls?: readonly (readonly string[] | null)[] }>([
  ['source: non-ascii after a restart', { reason: 'positions are bytes: nothing is read twice after a restart', polls: [['üé😀', 'x'], null] }],
  ['source: batch size 1', { reason: 'whole lines are not held back until the file grows', polls: [['a'], ['b'], ['c'], ['d']] }],
  ['source: truncated to less', { reason: 'truncation is noticed, the file read from its start', polls: [['aaaa', 'bbbb'], null, ['c', 'ddddddddddddd']] }],
  ['source: start offset as int', { reason: 'numbers read from a store are 64-bit in Java, one type here' }],
])

const cases = readCases<SinkCase | SourceCase>('file-stream')
let passed = 0
afterAll(() => console.log(`compat file-stream: ${passed} of ${cases.length} (${departures.size} deliberate departures)`))

describe('compat file-stream', () => {
  it.for(cases)('$name', async (each) => {
    if (each.op === 'sink') await checkSink(each)
    else if (each.error === undefined) await checkSource(each)
    else await checkSourceError(each)
    passed++
  })
})

async function checkSink(each: SinkCase): Promise<void> {
  const file = join(await scratchFolder(), 'out.txt')
  const task = await startedSinkTask({ file })
  await task.put(each.records.map(sinkRecord))
  const text = await readFile(file, 'utf8')
  if (each.volatile === true) expect(text.replaceAll(/@[0-9a-f]+/g, '@')).toBe(each.want.replaceAll(/@[0-9a-f]+/g, '@'))
  else expect(text).toBe(each.want)
}

function sinkRecord(recorded: RecordedData, index: number): SinkRecord {
  const { schema, value } = decodeData(recorded)
  return new SinkRecord({ topic: 't', kafkaPartition: 0, kafkaOffset: index, timestampType: 'CreateTime', valueSchema: schema, value })
}

/** Does the steps of a case; a poll's result goes to `onPoll`. */
async function runSteps(each: SourceCase, onPoll: (records: readonly SourceRecord[] | null, step: Step, file: string) => Promise<void>): Promise<void> {
  const file = join(await scratchFolder(), 'in.txt')
  const props = { ...decodeConfig(each.config), file }
  const start = async (offset: SourceOffset | null): Promise<FileStreamSourceTask> => startedSourceTask(props, { offset })
  let last = decodeValue(each.startOffset, null) as SourceOffset | null
  let task: FileStreamSourceTask | null = null
  for (const step of each.steps) {
    if (step.do === 'append') await appendFile(file, step.text!)
    else if (step.do === 'truncate and write') await writeFile(file, step.text!)
    else if (step.do === 'rename away') await rename(file, `${file}.1`)
    else if (step.do === 'delete') await rm(file)
    else if (step.do === 'restart from the last offset') {
      await task?.stop()
      task = await start(last)
    } else if (step.do === 'poll') {
      task ??= await start(last)
      const records = await task.poll()
      last = records?.at(-1)?.sourceOffset ?? last
      await onPoll(records, step, file)
    } else throw new Error(`unknown step ${step.do}`)
  }
}

async function checkSource(each: SourceCase): Promise<void> {
  const departure = departures.get(each.name)
  const ours: (unknown[] | null)[] = []
  await runSteps(each, async (records, step, file) => {
    ours.push(records === null ? null : records.map((record) => record.value))
    if (departure === undefined) await checkPoll(records, step, records === null ? Buffer.alloc(0) : await readFile(file))
  })
  if (departure !== undefined) expect(ours).toEqual(departure.polls)
}

async function checkPoll(records: readonly SourceRecord[] | null, { want }: Step, bytes: Buffer): Promise<void> {
  expect(records?.map((record) => record.value) ?? null).toEqual(want?.map((line) => line.value) ?? null)
  records?.forEach((record, index) => {
    expect(record.keyData).toEqual({ schema: null, value: null, rawJson: null })
    expect(record.valueSchema).toMatchObject({ type: 'STRING', optional: false })
    expect(record.sourceOffset).toEqual({ position: bytePosition(want![index]!.offset, bytes) })
  })
}

/** Java counts UTF-16 units, we count bytes; the same for ASCII. */
function bytePosition(offset: TaggedValue, bytes: Buffer): number {
  const { position } = decodeValue(offset, null) as { position: number }
  return Buffer.byteLength(bytes.toString('utf8').slice(0, position))
}

async function checkSourceError(each: SourceCase): Promise<void> {
  const failure = await runSteps(each, async () => undefined).catch((error: unknown) => error)
  if (departures.has(each.name)) expect(failure).toBeUndefined()
  else expectThrown(failure, each.error!)
}
