import { execFile } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { BrokerCommand } from '../support/broker/broker-command.ts'
import { fileToFile } from '../support/file-to-file.ts'
import { firstRecords, produceAll } from '../support/kafka-records.ts'
import { freePorts } from '../support/services/free-ports.ts'
import { oldestNode } from '../support/services/oldest-node.ts'
import { orSkipTest } from '../support/services/or-skip-test.ts'
import { scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

const root = resolve(import.meta.dirname, '../..')

/** A program of another version than the one that runs the tests. */
const node = () => orSkipTest(oldestNode)

describe('on the oldest Node that package.json promises', () => {
  it('standpipe broker serves, and stops at SIGTERM with 143', async () => {
    const broker = new BrokerCommand(['--dir', 'data', '--port', '0'], await scratchDir(), await node())
    const address = await broker.ready()
    await produceAll(address, 'kept', [{ value: 'one' }])
    expect((await firstRecords(address, 'kept', 1)).map(({ value }) => String(value))).toEqual(['one'])
    expect(broker.stderr).toBe('')
    broker.kill('SIGTERM')
    expect(await broker.exited).toBe(143)
  })

  it('connect-standalone --embedded copies a file through a topic, and stops at SIGTERM with 143', async () => {
    const [port] = await freePorts(1)
    const { dir, input, output, files } = await fileToFile(`127.0.0.1:${port}`)
    await writeFile(input, 'one\ntwo\n')
    const worker = new WorkerProcess([`--embedded=${join(dir, 'data')}`, ...files], { STANDPIPE_LOG_FORMAT: 'json' }, await node())
    await until(async () => (await readFile(output, 'utf8').catch(() => '')) === 'one\ntwo\n')
    expect(await worker.stop()).toBe(143)
    const lines = worker.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string })
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([])
  })

  it('startBroker of standpipe/testing serves the client of standpipe/kafka', async () => {
    const dir = await scratchDir()
    await mkdir(join(dir, 'node_modules'))
    await symlink(root, join(dir, 'node_modules', 'standpipe'))
    const program = `
      import { createProducer } from 'standpipe/kafka'
      import { startBroker } from 'standpipe/testing'
      const broker = await startBroker({ topics: ['t'] })
      const producer = await createProducer({ 'bootstrap.servers': broker.address })
      const record = { topic: 't', partition: 0, timestamp: null, key: null, value: Buffer.from('one'), headers: [] }
      await producer.send(record, { delivered: (partition, offset) => console.log(partition, offset), failed: console.error })
      await producer.close()
      await broker.stop()`
    await writeFile(join(dir, 'program.mjs'), program)
    const { stdout } = await promisify(execFile)(await node(), ['program.mjs'], { cwd: dir })
    expect(stdout).toBe('0 0\n')
  })
})
