import { existsSync } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from '../../test/support/services/server-process.ts'
import { checkProgress, config, describeTopic, property, seconds, startWorker, type Demo } from './demo.ts'

const LINES = 1_000
const LINES_SHOWN = 3
const POLL_MS = 20

/**
 * The main job on real input. A file source writes the lines of one file to a topic, a file sink writes the topic to another file, run by
 * the worker on the example files of config/ as they are.
 */
export async function demoFile(demo: Demo): Promise<void> {
  const { dir } = demo
  const name = dir.slice(-6)
  const input = Array.from({ length: LINES }, (_, index) => `demo ${name}, line ${index + 1} of ${LINES}`)
  await writeFile(join(dir, 'test.txt'), `${input.join('\n')}\n`)
  const startedAt = performance.now()
  const worker = await startWorker(demo, [config('connect-file-source.properties'), config('connect-file-sink.properties')])
  try {
    const arrived = new NewLines(join(dir, 'test.sink.txt'))
    const seen = await arrivalOf(demo, input, arrived, worker, startedAt)
    await showWhatArrived(demo, startedAt, seen)
    if (!demo.once) await followUntilStopped(demo, arrived, worker)
  } finally {
    await worker.stop()
  }
}

/** Reads what is appended to a file, line by line. */
class NewLines {
  readonly #file: string
  #position = 0
  #rest = ''

  constructor(file: string) {
    this.#file = file
  }

  async read(): Promise<string[]> {
    if (!existsSync(this.#file)) return []
    await using file = await open(this.#file)
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(size - this.#position), 0, size - this.#position, this.#position)
    this.#position = size
    const lines = (this.#rest + buffer.toString()).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }
}

/** Waits until every expected line is there. Others may arrive before them: a topic of an earlier demo is read from its start. */
async function arrivalOf(
  { stopped }: Demo,
  expected: readonly string[],
  arrived: NewLines,
  worker: ServerProcess,
  startedAt: number,
): Promise<string[]> {
  const missing = new Set(expected)
  const seen: string[] = []
  while (missing.size > 0) {
    if (stopped.aborted) return seen
    checkProgress(worker, startedAt, `${missing.size} lines`)
    for (const line of await arrived.read()) {
      if (seen.length === 0) console.log(`first record  at the sink ${seconds(startedAt)} s after the start of the worker`)
      seen.push(line)
      missing.delete(line)
    }
    await sleep(POLL_MS)
  }
  return seen
}

async function showWhatArrived(demo: Demo, startedAt: number, seen: readonly string[]): Promise<void> {
  const { dir } = demo
  const topic = await property(config('connect-file-source.properties'), 'topic')
  console.log(`all records   after ${seconds(startedAt)} s`)
  console.log(`source        ${join(dir, 'test.txt')}: ${LINES} lines`)
  console.log(`topic         ${await describeTopic(demo, topic)}`)
  console.log(`sink          ${join(dir, 'test.sink.txt')}: ${seen.length} lines, the last of them`)
  for (const line of seen.slice(-LINES_SHOWN)) console.log(`                ${line}`)
}

async function followUntilStopped({ dir, stopped }: Demo, arrived: NewLines, worker: ServerProcess): Promise<void> {
  console.log(`\nThe worker stays up until Ctrl-C. Give it more, in another shell:\n  echo hello >> ${join(dir, 'test.txt')}`)
  console.log(`Its log: ${worker.logFile}\n`)
  while (!stopped.aborted) {
    if (worker.exit !== null) throw new Error(`The worker ended (${worker.exit}).\n${worker.logTail()}`)
    for (const line of await arrived.read()) console.log(`arrived       ${line}`)
    await sleep(POLL_MS * 5)
  }
  console.log('\nstopping …')
}
