import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { fileToFile } from '../support/file-to-file.ts'
import { until, WorkerProcess } from '../support/worker-process.ts'

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

describeWithKafka('connect-standalone, file → Kafka → file', (address) => {
  it('carries lines from Apache’s own property files to the output file, and goes on as the input grows', async () => {
    const { input, output, files, topic } = await fileToFile(address)
    await writeFile(input, 'one\ntwo\n\nüé😀\n')
    const worker = new WorkerProcess(files)
    await until(async () => (await sizeOf(output)) === (await sizeOf(input)))
    await appendFile(input, 'three\n')
    await until(async () => (await sizeOf(output)) === (await sizeOf(input)))
    expect(await worker.stop()).toBe(143)
    expect(await readFile(output, 'utf8')).toBe('one\ntwo\n\nüé😀\nthree\n')
    const values = await kcat(address, ['-C', '-t', topic, '-e', '-q', '-o', 'beginning'])
    expect(values.toString().split('\n')[0]).toBe('{"schema":{"type":"string","optional":false},"payload":"one"}')
  })

  it('continues where it was after a clean stop: nothing twice, nothing lost', async () => {
    const { input, output, files } = await fileToFile(address)
    await writeFile(input, 'a\nb\n')
    const first = new WorkerProcess(files)
    await until(async () => (await sizeOf(output)) === 4)
    await first.stop()
    await appendFile(input, 'c\n')
    const second = new WorkerProcess(files)
    await until(async () => (await sizeOf(output)) === 6)
    await second.stop()
    expect(await readFile(output, 'utf8')).toBe('a\nb\nc\n')
  })

  it('ends at once with a second signal, and with 130 after SIGINT', async () => {
    const { files, input } = await fileToFile(address)
    await writeFile(input, 'a\n')
    const worker = new WorkerProcess(files)
    await worker.says('Task is running')
    worker.signal('SIGINT')
    expect(await worker.exited()).toBe(130)
  })
})
