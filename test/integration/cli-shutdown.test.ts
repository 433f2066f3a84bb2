import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileToFile } from '../support/file-to-file.ts'
import { pluginPackage } from '../support/plugin-package.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'
import { propertiesFile, scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

const running =
  /local-file-source\|task-0\] Task is running[^]*local-file-sink-.*\|task-0\] Assigned lines|local-file-sink-.*\|task-0\] Assigned lines[^]*local-file-source\|task-0\] Task is running/

describeWithKafka('connect-standalone at its end', (address) => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s stops connectors and tasks and ends with %i', async (signal, code) => {
    const { files, input } = await fileToFile(address, { worker: { 'task.shutdown.graceful.timeout.ms': '60000' } })
    await writeFile(input, 'a\n')
    const worker = new WorkerProcess(files)
    await worker.says(running)
    worker.signal(signal)
    expect(await worker.exited()).toBe(code)
    expect(worker.output).toContain(`${signal}: stopping; a second signal ends at once`)
    expect(worker.output).toContain('Kafka Connect stopped')
    expect(worker.output).not.toMatch(/ERROR|abandoned/)
  })
})

describeWithKafka('connect-standalone at its end, with the broker away', () => {
  const patient = { 'offset.flush.timeout.ms': '600000' }

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second %s ends at once with %i, whatever the first one waits for', async (signal, code) => {
    const kafka = await privateKafka()
    const worker = await busyWorker(kafka.address, { ...patient, 'task.shutdown.graceful.timeout.ms': '600000' })
    process.kill(kafka.pid!, 'SIGSTOP')
    try {
      await worker.more()
      worker.process.signal(signal)
      await worker.process.says(`${signal}: stopping`)
      worker.process.signal(signal)
      expect(await worker.process.exited()).toBe(code)
    } finally {
      process.kill(kafka.pid!, 'SIGCONT')
    }
    expect(worker.process.output).toContain(`${signal} again: ending at once`)
    expect(worker.process.output).not.toContain('Kafka Connect stopped')
  })

  it.each([
    ['hangs', 'SIGSTOP'],
    ['is gone', 'SIGKILL'],
  ] as const)(
    'a broker that %s costs no more than task.shutdown.graceful.timeout.ms: tasks are abandoned, the code is 143',
    async (_, fate) => {
      const kafka = await privateKafka()
      const worker = await busyWorker(kafka.address, { ...patient, 'task.shutdown.graceful.timeout.ms': '1000' })
      const { pid } = kafka
      process.kill(pid!, fate)
      try {
        await worker.more()
        expect(await worker.process.stop()).toBe(143)
      } finally {
        if (fate === 'SIGSTOP') process.kill(pid!, 'SIGCONT')
      }
      expect(worker.process.output).toContain(
        'Graceful stop of task local-file-source-0 failed: it did not end within task.shutdown.graceful.timeout.ms and is abandoned.',
      )
      expect(worker.process.output).toContain('Kafka Connect stopped')
    },
  )

  /** A worker that has carried a line, and whose source has records that are not acknowledged once more was written. */
  async function busyWorker(address: string, extra: Record<string, string>) {
    const plugins = await pluginPackage(await scratchDir(), 'telling', telling)
    const source = { transforms: 'telling', 'transforms.telling.type': 'test.Telling' }
    const { files, input, output } = await fileToFile(address, { worker: { ...extra, 'plugin.path': plugins }, source })
    await writeFile(input, 'a\n')
    const process = new WorkerProcess(files)
    await process.says(running)
    await expect.poll(() => readFile(output, 'utf8').catch(() => '')).toBe('a\n')
    const more = async () => {
      await appendFile(input, 'b\n'.repeat(1000))
      await process.says('the source has read b')
    }
    return { process, more }
  }
})

describe('connect-standalone that cannot finish its start', () => {
  it('stops while it waits for the broker of its offset topic', async () => {
    const dir = await scratchDir()
    const file = await propertiesFile(dir, 'worker.properties', { ...minimal, 'offset.storage.topic': 'offsets' })
    const worker = new WorkerProcess([file])
    await worker.says('could not be established; retrying')
    expect(await worker.stop()).toBe(143)
    expect(worker.output).toContain('Kafka Connect stopped')
    expect(worker.output).not.toContain('standalone worker started')
  })

  it('leaves a connector behind whose start does not return', async () => {
    const { process, said } = await workerWith('hanging-start')
    await said('start is called')
    expect(await process.stop()).toBe(143)
    expect(process.output).toContain('it is left behind')
  })
})

describe('what plugins leave open', () => {
  it('does not keep the process', async () => {
    const { process } = await workerWith('open-handles')
    await process.says('Task is running')
    expect(await process.stop()).toBe(143)
    expect(process.output).toContain('Kafka Connect stopped')
  })

  it('a connector whose stop does not return is abandoned', async () => {
    const { process } = await workerWith('hanging-stop')
    await process.says('Task is running')
    expect(await process.stop()).toBe(143)
    expect(process.output).toContain('Connector did not stop within 5000 ms and is abandoned')
  })
})

/** Tells that records are on their way, which nobody acknowledges. */
const telling = `
import { ConfigDef } from 'standpipe/api'
class Telling {
  config() { return new ConfigDef({}) }
  configure() {}
  apply(record) {
    if (record.value === 'b' && !this.hasTold) console.error('the source has read b')
    this.hasTold ||= record.value === 'b'
    return record
  }
}
export const plugins = [{ kind: 'transformation', className: 'test.Telling', version: '1', load: async () => Telling }]
`

const minimal = { 'bootstrap.servers': '127.0.0.1:1', 'key.converter': 'StringConverter', 'value.converter': 'StringConverter' }

const badlyBehaved = `
import { ConfigDef, SourceTask } from 'standpipe/api'
const never = () => new Promise(() => undefined)
class Task extends SourceTask {
  version = '1'
  start() { setInterval(() => undefined, 1000) }
  stop() {}
  poll() { return new Promise((resolve) => setTimeout(resolve, 20, null)) }
}
class BadlyBehavedConnector {
  kind = 'source'
  version = '1'
  taskClass = Task
  initialize({ log }) { this.log = log }
  config() { return new ConfigDef({}) }
  start({ mode }) {
    this.mode = mode
    this.log.info('start is called')
    return mode === 'hanging-start' ? never() : undefined
  }
  taskConfigs() { return [{}] }
  stop() { return this.mode === 'hanging-stop' ? never() : undefined }
}
export const plugins = [{ kind: 'source', className: 'test.BadlyBehavedConnector', version: '1', load: async () => BadlyBehavedConnector }]
`

async function workerWith(mode: string) {
  const dir = await scratchDir()
  const worker = await propertiesFile(dir, 'worker.properties', {
    ...minimal,
    'offset.storage.file.filename': join(dir, 'connect.offsets'),
    'plugin.path': await pluginPackage(dir, 'badly-behaved', badlyBehaved),
  })
  const connector = await propertiesFile(dir, 'c.properties', { name: 'c', 'connector.class': 'BadlyBehaved', mode })
  const process = new WorkerProcess([worker, connector])
  return { process, said: (text: string) => until(() => process.output.includes(text)) }
}
