import { createServer, type AddressInfo } from 'node:net'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BrokerCommand } from '../support/broker/broker-command.ts'
import { firstRecords, produceAll, withAdmin } from '../support/kafka-records.ts'
import { scratchDir, until } from '../support/worker-process.ts'

const root = resolve(import.meta.dirname, '../..')

async function portInUse(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('standpipe broker', () => {
  it('says one line when it is ready, serves, stops at SIGTERM with 143, and has everything again the next time', async () => {
    const dir = await scratchDir()
    const first = new BrokerCommand(['--dir', 'data', '--port', '0'], dir)
    const address = await first.ready()
    expect(first.stdout).toBe(`Broker ready at ${address}, data in ${join(dir, 'data')}\n`)
    await withAdmin(address, (admin) =>
      admin.createTopics([{ name: 'kept', partitions: 3, replicationFactor: 1, configs: { 'retention.ms': '-1' } }]),
    )
    await produceAll(address, 'kept', [{ value: 'one' }, { value: 'two' }])
    first.kill('SIGTERM')
    expect(await first.exited).toBe(143)

    const again = await new BrokerCommand(['--dir', 'data', '--port', '0'], dir).ready()
    const records = await firstRecords(again, 'kept', 2)
    expect(records.map(({ value }) => String(value))).toEqual(['one', 'two'])
  })

  it('keeps what was acknowledged when it is killed', async () => {
    const dir = await scratchDir()
    const args = ['--dir', 'data', '--port', '0', '--sync=always']
    const first = new BrokerCommand(args, dir)
    const address = await first.ready()
    await produceAll(
      address,
      'kept',
      Array.from({ length: 500 }, (_, index) => ({ value: `record ${index}` })),
    )
    first.kill('SIGKILL')
    await first.exited
    const records = await firstRecords(await new BrokerCommand(args, dir).ready(), 'kept', 500)
    expect(records.map(({ value }) => String(value))).toEqual(Array.from({ length: 500 }, (_, index) => `record ${index}`))
  })

  it('tells as JSON what it is with --json, in memory with --memory', async () => {
    const broker = new BrokerCommand(['--memory', '--port', '0', '--json'], await scratchDir())
    await until(() => broker.stdout.includes('\n'))
    const said = JSON.parse(broker.stdout) as { address: string }
    expect(said).toMatchObject({
      dirs: null,
      listeners: { PLAINTEXT: said.address },
      clusterId: expect.stringMatching(/^[\w-]{22}$/) as string,
    })
  })

  it('takes the example server.properties', async () => {
    const dir = await scratchDir()
    await copyFile(join(root, 'config', 'server.properties'), join(dir, 'server.properties'))
    const broker = new BrokerCommand(['--dir', 'data', '--port', '0', 'server.properties'], dir)
    expect(await broker.ready()).toMatch(/^localhost:\d+$/)
    expect(broker.stderr).toBe('')
  })

  it('uses a folder alone: a second one says who has it, with 2', async () => {
    const dir = await scratchDir()
    await new BrokerCommand(['--dir', 'data', '--port', '0'], dir).ready()
    const second = new BrokerCommand(['--dir', 'data', '--port', '0'], dir)
    expect(await second.exited).toBe(2)
    expect(second.stderr).toMatch(/data is in use by another broker \(process \d+ on .+ since .+\): two on one folder/)
  })

  it('refuses the folder of another node, and one of Apache Kafka, with 2', async () => {
    const dir = await scratchDir()
    const first = new BrokerCommand(['--dir', 'data', '--port', '0'], dir)
    await first.ready()
    first.kill('SIGTERM')
    await first.exited
    await writeFile(join(dir, 'server.properties'), 'node.id=2\nlog.dirs=data\n')
    const other = new BrokerCommand(['--port', '0', 'server.properties'], dir)
    expect(await other.exited).toBe(2)
    expect(other.stderr).toContain('belongs to the broker with node.id=1, and this one has node.id=2')
    const meta = join(dir, 'data', 'meta.properties')
    await writeFile(meta, `${await readFile(meta, 'latin1')}directory.id=xyz\n`)
    const kafkas = new BrokerCommand(['--dir', 'data', '--port', '0'], dir)
    expect(await kafkas.exited).toBe(2)
    expect(kafkas.stderr).toContain('holds the data of an Apache Kafka broker')
  })

  it('says every problem of its file with the line, with 2', async () => {
    const dir = await scratchDir()
    await writeFile(join(dir, 'server.properties'), 'num.partitions=0\nlog.retention.hours=soon\n')
    const broker = new BrokerCommand(['server.properties'], dir)
    expect(await broker.exited).toBe(2)
    expect(broker.stderr).toContain(
      'Invalid value 0 for configuration num.partitions: Value must be at least 1 (server.properties, line 1)',
    )
    expect(broker.stderr).toContain('Not a number of type INT (server.properties, line 2)')
  })

  it('ends with 3 where the port is taken, and leaves the folder free', async () => {
    const dir = await scratchDir()
    const broker = new BrokerCommand(['--dir', 'data', '--port', String(await portInUse())], dir)
    expect(await broker.exited).toBe(3)
    expect(broker.stderr).toContain('EADDRINUSE')
    await new BrokerCommand(['--dir', 'data', '--port', '0'], dir).ready()
  })

  it.each([
    [['--nope'], "Unknown option '--nope'"],
    [['--sync=sometimes'], '--sync can be "always", not "sometimes"'],
    [['--port', 'x'], '--port needs a number up to 65535, not x'],
    [['--dir', 'a', '--memory'], '--dir and --memory exclude each other'],
    [['a.properties', 'b.properties'], 'one file of properties, not 2'],
  ])('ends with 1 and its usage for %j', async (args, message) => {
    const broker = new BrokerCommand(args, await scratchDir())
    expect(await broker.exited).toBe(1)
    expect(broker.stderr).toContain(message)
    expect(broker.stderr).toContain('usage: standpipe broker')
  })
})
