import { createReadStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { numberedLine, numberOf, reconcile, writeNumberedLines } from '../support/numbered-lines.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'
import { walkOver } from '../support/walk.ts'
import { until, WorkerProcess } from '../support/worker-process.ts'

/** In the suite small; `STANDPIPE_CRASH_LINES=3000000 STANDPIPE_CRASH_KILLS=20` is the whole thing. */
const lines = Number(process.env['STANDPIPE_CRASH_LINES'] ?? 100_000)
const kills = Number(process.env['STANDPIPE_CRASH_KILLS'] ?? 5)
const timeoutMs = 600_000 + lines / 5

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

describeWithKafka('killed with no last word', (address) => {
  it(
    `a worker killed ${kills} times while it carries ${lines} lines loses none, keeps their order, and repeats some only after a kill`,
    { timeout: timeoutMs },
    async () => {
      const { input, output, topic, files } = await fileToFile(address, {
        worker: { 'offset.flush.interval.ms': '100', 'key.converter.schemas.enable': 'false', 'value.converter.schemas.enable': 'false' },
        sink: { 'consumer.override.session.timeout.ms': '6000', 'consumer.override.heartbeat.interval.ms': '500' },
      })
      await writeNumberedLines(input, lines)
      for (let killed = 0; killed < kills; killed++) {
        const worker = new WorkerProcess(files)
        if (killed % 4 === 3)
          await delay(Math.random() * 500) // some while it starts
        else await until(progressOf(output, ((killed + Math.random()) / (kills + 1)) * lines), 1) // most while lines flow
        await worker.kill()
      }
      const last = new WorkerProcess(files)
      await until(async () => (await lastLine(output)) === numberedLine(lines - 1), 250)
      await last.stop()
      const result = await reconcile(output, lines)
      console.log(`${kills} kills, ${lines} lines: ${JSON.stringify(result)}`)
      expect(result).toMatchObject({ missing: 0, gaps: 0 })
      expect(result.fragments).toBeLessThanOrEqual(kills)
      const sent = await linesInTopic(address, topic)
      const source = walkOver([...Array(lines).keys()], sent)
      const sink = walkOver(sent, await linesInFile(output))
      console.log(`source: ${JSON.stringify(source)}, sink: ${JSON.stringify(sink)}`)
      expect(source.jumps).toEqual([])
      expect(sink.jumps).toEqual([])
      expect(source.rewinds).toBeLessThanOrEqual(kills)
      expect(sink.rewinds).toBeLessThanOrEqual(kills)
    },
  )

  it(
    `a broker killed and restarted 3 times while ${lines} lines pass: the worker never ends and no line is lost or out of order`,
    { timeout: timeoutMs },
    async () => {
      const broker = await privateKafka()
      const { input, output, files } = await fileToFile(broker.address, {
        worker: { 'offset.flush.interval.ms': '100', 'key.converter.schemas.enable': 'false', 'value.converter.schemas.enable': 'false' },
      })
      await writeNumberedLines(input, lines)
      const worker = new WorkerProcess(files)
      await worker.says('Task is running')
      for (let killed = 0; killed < 3; killed++) {
        const before = await sizeOf(output)
        await until(async () => (await sizeOf(output)) > before || (await lastLine(output)) === numberedLine(lines - 1))
        await broker.kill()
        await delay(500)
        await broker.start()
      }
      await until(async () => (await lastLine(output)) === numberedLine(lines - 1), 250)
      expect(worker.hasExited).toBe(false)
      expect(await worker.stop()).toBe(143)
      const result = await reconcile(output, lines)
      console.log(`3 broker restarts, ${lines} lines: ${JSON.stringify(result)}`)
      expect(result).toMatchObject({ missing: 0, gaps: 0, fragments: 0 })
    },
  )

  it('without a kill the output is the input, byte for byte', { timeout: timeoutMs }, async () => {
    const { input, output, files } = await fileToFile(address)
    await writeNumberedLines(input, lines)
    const worker = new WorkerProcess(files)
    await until(async () => (await sizeOf(output)) >= (await sizeOf(input)), 250)
    await worker.stop()
    expect((await readFile(output)).equals(await readFile(input))).toBe(true)
  })
})

/** Numbers of the lines in the topic, in its order: JSON texts of the same length. */
async function linesInTopic(address: string, topic: string): Promise<number[]> {
  const values = await kcat(address, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%s\\n'])
  const length = numberedLine(0).length + '""\n'.length
  return Array.from({ length: values.length / length }, (_, index) =>
    Number(values.toString('latin1', index * length + 1, index * length + 13)),
  )
}

/** Numbers of the whole lines in the file, in its order. */
async function linesInFile(path: string): Promise<number[]> {
  const numbers: number[] = []
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const number = numberOf(line)
    if (number !== null) numbers.push(number)
  }
  return numbers
}

/** Whether the output is as long as that many lines; repeated ones count. */
function progressOf(output: string, wanted: number): () => Promise<boolean> {
  return async () => (await sizeOf(output)) >= wanted * 94
}

async function lastLine(path: string): Promise<string> {
  const size = await sizeOf(path)
  const file = await open(path).catch(() => null)
  if (file === null) return ''
  const { buffer, bytesRead } = await file.read(Buffer.alloc(94), 0, 94, Math.max(0, size - 94))
  await file.close()
  return buffer.toString('utf8', 0, bytesRead).trimEnd()
}
