import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CollectingLogger } from '../support/fakes/collecting-logger.ts'
import { fileToFile } from '../support/file-to-file.ts'
import { writeNumberedLines } from '../support/numbered-lines.ts'
import { pluginPackage } from '../support/plugin-package.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { propertiesFile, until, WorkerProcess } from '../support/worker-process.ts'
import { parseProperties } from '../../src/properties/parse-properties.ts'
import { Standalone } from '../../src/standalone.ts'

const LINES = 50_000
const inLanes = { 'task.isolation': 'thread' }

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )
const sameSize = async (a: string, b: string) => (await sizeOf(a)) === (await sizeOf(b))

/** A source whose task fills its heap as soon as it is asked for records. */
const memoryBomb = `
import { ConfigDef, SourceTask } from 'standpipe/api'
class BombTask extends SourceTask {
  version = '1'
  start() {}
  stop() {}
  async poll() {
    const eaten = []
    for (;;) eaten.push({ text: String(eaten.length), numbers: [eaten.length] })
  }
}
class Bomb {
  kind = 'source'
  version = '1'
  taskClass = BombTask
  initialize() {}
  config() { return new ConfigDef({}) }
  start() {}
  stop() {}
  taskConfigs() { return [{}] }
}
export const plugins = [{ kind: 'source', className: 'test.Bomb', version: '1', load: async () => Bomb }]
`

describeWithKafka('task.isolation=thread', (address) => {
  it('carries file → Kafka → file unchanged, and goes on after a stop where it was', async () => {
    const { input, output, files } = await fileToFile(address, { worker: inLanes })
    await writeNumberedLines(input, LINES)
    const first = new WorkerProcess(files)
    await until(() => sameSize(input, output))
    expect(await first.stop()).toBe(143)
    await appendFile(input, 'one more\n')
    const second = new WorkerProcess(files)
    await until(() => sameSize(input, output))
    expect(await second.stop()).toBe(143)
    expect((await readFile(output)).equals(await readFile(input))).toBe(true)
  })

  it('runs from the sources, in a program that embeds a worker', async () => {
    const { input, output, files } = await fileToFile(address, { worker: { 'task.isolation': 'auto' } })
    await writeNumberedLines(input, 100)
    const [worker, source, sink] = await Promise.all(files.map(async (file) => parseProperties(await readFile(file, 'latin1'), file).props))
    const log = new CollectingLogger()
    const standalone = await Standalone.create({ props: worker!, log })
    onTestFinished(() => standalone.stop())
    await standalone.start()
    for (const props of [source!, sink!]) await standalone.herder.putConnectorConfig(props['name']!, props)
    await until(() => sameSize(input, output))
    expect(await readFile(output)).toEqual(await readFile(input))
  })

  it('leaves the tasks of other lanes running when one runs out of memory', async () => {
    const { dir, topic, input, output, worker, source, sink } = await fileToFile(address, {
      worker: { ...inLanes, 'task.lane.max.heap.mb': '64' },
    })
    await pluginPackage(dir, 'bomb', memoryBomb)
    await appendFile(worker, `plugin.path=${join(dir, 'bomb')}\n`)
    const bomb = await propertiesFile(dir, 'bomb.properties', { name: `bomb-${topic}`, 'connector.class': 'test.Bomb', topic })
    await writeNumberedLines(input, LINES)
    const process = new WorkerProcess([worker, source, bomb, sink]) // the sink comes to the source's lane
    await process.says(/Lane lane-2 ended.*\n.*ran out of memory. Its limit is 64 MB/)
    await until(() => sameSize(input, output))
    await appendFile(input, 'one more\n')
    await until(() => sameSize(input, output))
    expect(await process.stop()).toBe(143)
    expect((await readFile(output)).equals(await readFile(input))).toBe(true)
  })

  it('reads standard input and writes standard output', async () => {
    const { dir, topic, worker } = await fileToFile(address, { worker: inLanes })
    const source = await propertiesFile(dir, 'in.properties', { name: 'console-source', 'connector.class': 'FileStreamSource', topic })
    const sink = await propertiesFile(dir, 'out.properties', {
      name: `console-${topic}`,
      'connector.class': 'FileStreamSink',
      topics: topic,
    })
    const bin = join(import.meta.dirname, '../../dist/bin/connect-standalone.js')
    const child = spawn(process.execPath, [bin, worker, source, sink], { stdio: ['pipe', 'pipe', 'ignore'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
    child.stdin.write('one\ntwo\n')
    await until(() => printed === 'one\ntwo\n')
    child.stdin.end('three\n')
    await until(() => printed === 'one\ntwo\nthree\n')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([143, null])
  })
})
