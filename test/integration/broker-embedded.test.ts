import { createServer, type AddressInfo } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from '../../src/testing.ts'
import { endOffset, firstRecords } from '../support/kafka-records.ts'
import { freePorts } from '../support/services/free-ports.ts'
import { scratchDir, until } from '../support/worker-process.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const bin = join(root, 'dist', 'bin', 'connect-standalone.js')

/** A worker with a file source, in a folder of its own. */
class EmbeddedWorker {
  readonly dir: string
  readonly exited: Promise<number | null>
  log = ''
  readonly #child

  constructor(dir: string, embedded: string) {
    this.dir = dir
    this.#child = spawn(process.execPath, [bin, embedded, 'worker.properties', 'source.properties'], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text))
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null)
    onTestFinished(async () => {
      this.#child.kill('SIGKILL')
      await this.exited
    })
  }

  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    return this.exited
  }
}

async function workerFolder(address: string): Promise<string> {
  const dir = await scratchDir()
  const worker = {
    'bootstrap.servers': address,
    'key.converter': 'StringConverter',
    'value.converter': 'StringConverter',
    'offset.storage.file.filename': join(dir, 'offsets'),
    'offset.flush.interval.ms': '200',
  }
  const source = { name: 'lines', 'connector.class': 'FileStreamSource', file: 'input.txt', topic: 'lines' }
  const text = (props: Record<string, string>) => Object.entries(props).map(([key, value]) => `${key}=${value}\n`)
  await writeFile(join(dir, 'worker.properties'), text(worker))
  await writeFile(join(dir, 'source.properties'), text(source))
  await writeFile(join(dir, 'input.txt'), 'one\ntwo\n')
  return dir
}

const freeAddress = async () => `localhost:${(await freePorts(1))[0]}`

describe('connect-standalone --embedded', () => {
  it('brings a broker at bootstrap.servers, in memory, that ends after the worker', async () => {
    const address = await freeAddress()
    const worker = new EmbeddedWorker(await workerFolder(address), '--embedded')
    await until(() => worker.log.includes('Task is running'))
    const records = await firstRecords(address, 'lines', 2)
    expect(records.map(({ value }) => String(value))).toEqual(['one', 'two'])
    expect(await worker.stop()).toBe(143)
    expect(worker.log).toContain(
      `Embedded broker ready at ${address}, data is in memory and gone when the worker stops; --embedded=DIR keeps it`,
    )
    expect(worker.log.indexOf('Embedded broker stopped')).toBeGreaterThan(worker.log.indexOf('Kafka Connect stopped'))
    expect(worker.log).not.toMatch(/WARN|ERROR/)
  })

  it('keeps its data in a folder, if one is named', async () => {
    const address = await freeAddress()
    const dir = await workerFolder(address)
    const first = new EmbeddedWorker(dir, '--embedded=data')
    await until(() => first.log.includes('Task is running'))
    await firstRecords(address, 'lines', 2)
    await first.stop()
    await writeFile(join(dir, 'input.txt'), `${await readFile(join(dir, 'input.txt'), 'utf8')}three\n`)
    const second = new EmbeddedWorker(dir, '--embedded=data')
    await until(() => second.log.includes('Task is running'))
    const records = await firstRecords(address, 'lines', 3)
    expect(records.map(({ value }) => String(value))).toEqual(['one', 'two', 'three'])
  })

  it('uses a broker that answers there already, and leaves it alone', async () => {
    await using broker = await startBroker({ topics: ['lines'] })
    const worker = new EmbeddedWorker(await workerFolder(broker.address), '--embedded')
    await until(async () => (await endOffset(broker.address, 'lines', 0)) === 2)
    expect(worker.log).toContain(`--embedded: a Kafka broker answers at ${broker.address} already, and is used`)
    expect(await worker.stop()).toBe(143)
    expect(await endOffset(broker.address, 'lines', 0)).toBe(2)
  })

  it('ends with 3 where something else listens, or for an address of another machine', async () => {
    const other = createServer((socket) => socket.end('SSH-2.0-not-kafka\r\n')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`
    const first = new EmbeddedWorker(await workerFolder(taken), '--embedded')
    expect(await first.exited).toBe(3)
    expect(first.log).toContain(`something that is no Kafka broker listens at ${taken}. Choose another port in bootstrap.servers`)
    const second = new EmbeddedWorker(await workerFolder('kafka.example:9092'), '--embedded')
    expect(await second.exited).toBe(3)
    expect(second.log).toContain(
      '--embedded starts a broker on this machine alone, but bootstrap.servers is kafka.example:9092. Set it to localhost:9092',
    )
  })
})

describe('npm run demo -- --once', () => {
  it('needs no Kafka: the worker brings its own, and a look at the topic shows what is there', async () => {
    const address = await freeAddress()
    const args = ['--conditions=standpipe:source', join(root, 'scripts/demo.ts'), '--once']
    const { stdout } = await run(process.execPath, args, { cwd: root, env: { ...process.env, CONNECT_BOOTSTRAP_SERVERS: address } })
    expect(stdout).toContain(`${address} nobody answers: the worker brings its own broker, in memory (--embedded)`)
    expect(stdout).toMatch(/connect-test: 1000 records, the last of them\n.*"payload":"demo \w+, line 1000 of 1000"/)
    expect(stdout).toMatch(/sink .*test\.sink\.txt: 1000 lines/)
  })
})
