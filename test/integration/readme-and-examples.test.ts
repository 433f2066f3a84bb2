import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kcat, kcatOrNothing } from '../support/services/kcat.ts'
import { describeWithPostgresql, newDatabase } from '../support/services/postgresql-suite.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'
import { fileToFile } from '../support/file-to-file.ts'
import { scratchDir, until, WorkerProcess } from '../support/worker-process.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const bin = (command: string) => join(root, 'dist', 'bin', `${command}.js`)
const example = (name: string) => join(root, 'config', name)

/** A command as a user types it, in a folder of its own, with what it writes and a standard input. */
function start(args: readonly string[], options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> }) {
  const child = spawn(process.execPath, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'pipe' })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return { child, said, exited }
}

/** The examples say localhost:9092 and a file in /tmp; a test has a broker and a folder of its own, and time for its stop. */
const elsewhere = (dir: string, address: string) => ({
  CONNECT_BOOTSTRAP_SERVERS: address,
  CONNECT_OFFSET_STORAGE_FILE_FILENAME: join(dir, 'connect.offsets'),
  CONNECT_OFFSET_FLUSH_INTERVAL_MS: '200',
  CONNECT_OFFSET_FLUSH_TIMEOUT_MS: '60000',
  CONNECT_TASK_SHUTDOWN_GRACEFUL_TIMEOUT_MS: '60000',
})

describeWithKafka('the examples in config/', () => {
  it('file source and file sink run as they are, in one worker', async () => {
    const dir = await scratchDir()
    const { address } = await privateKafka() // the examples share one topic, connect-test
    await writeFile(join(dir, 'test.txt'), 'foo\nbar\n')
    const files = ['connect-standalone.properties', 'connect-file-source.properties', 'connect-file-sink.properties'].map(example)
    const worker = start([bin('connect-standalone'), ...files], { cwd: dir, env: elsewhere(dir, address) })
    await until(async () => (await readFile(join(dir, 'test.sink.txt'), 'utf8').catch(() => '')) === 'foo\nbar\n')
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toBe(143)
    expect(worker.said.stderr).not.toMatch(/WARN The|ERROR/)
    expect(worker.said.stdout).toBe('')
    expect((await kcat(address, ['-C', '-t', 'connect-test', '-e', '-q'])).toString()).toContain('"payload":"foo"')
  })

  it('console source and console sink run as they are: standard input to standard output, with nothing else on it', async () => {
    const dir = await scratchDir()
    const { address } = await privateKafka()
    const files = ['connect-standalone.properties', 'connect-console-source.properties', 'connect-console-sink.properties'].map(example)
    const worker = start([bin('standpipe'), 'run', ...files], { cwd: dir, env: elsewhere(dir, address) })
    worker.child.stdin.write('hello\n')
    await until(() => worker.said.stdout === 'hello\n')
    worker.child.stdin.end('world\n')
    await until(() => worker.said.stdout === 'hello\nworld\n')
    worker.child.kill('SIGINT')
    expect(await worker.exited).toBe(130)
    expect(worker.said.stdout).toBe('hello\nworld\n')
  })

  it('are all run here', async () => {
    const tested = ['console-sink', 'console-source', 'file-sink', 'file-source', 'jdbc-sink', 'jdbc-source', 'standalone']
    const files = (await readdir(join(root, 'config'))).filter((file) => file.startsWith('connect-'))
    const untested = files.filter((file) => !tested.some((name) => file === `connect-${name}.properties`))
    expect(untested.filter((file) => !file.includes('elasticsearch'))).toEqual([]) // tested on every server they are for
  })
})

await describeWithPostgresql('the examples for PostgreSQL', (server) => {
  describeWithKafka('with Kafka', (address) => {
    it('JDBC source and sink run as they are but for the address: a table goes to a topic, the topic to a table that is made for it', async () => {
      const [dir, database] = [await scratchDir(), await newDatabase(server)]
      await server.query(
        database,
        "CREATE TABLE orders (id serial PRIMARY KEY, item text); INSERT INTO orders (item) VALUES ('tea'), (NULL)",
      )
      const names = ['connect-jdbc-source.properties', 'connect-jdbc-sink.properties']
      for (const name of names) {
        const text = await readFile(example(name), 'utf8')
        await writeFile(join(dir, name), text.replace('jdbc:postgresql://localhost:5432/postgres', server.jdbcUrl(database)))
      }
      const files = [example('connect-standalone.properties'), ...names]
      const worker = start([bin('connect-standalone'), ...files], { cwd: dir, env: elsewhere(dir, address) })
      const copied = () => server.query(database, 'SELECT * FROM orders_copy ORDER BY id').catch(() => [])
      await until(async () => (await copied()).length === 2)
      await server.query(database, "INSERT INTO orders (item) VALUES ('later')")
      await until(async () => (await copied()).length === 3)
      worker.child.kill('SIGTERM')
      expect(await worker.exited).toBe(143)
      expect(worker.said.stderr).not.toMatch(/ERROR|WARN (?!.*shop-orders)/) // a new topic may be unknown, or without a leader, for a moment
      expect(await copied()).toEqual([
        ['1', 'tea'],
        ['2', null],
        ['3', 'later'],
      ])
      expect((await kcat(address, ['-C', '-t', 'shop-orders', '-e', '-q'])).toString()).toContain('"payload":{"id":3,"item":"later"}')
    })

    it('npm run demo -- jdbc --once shows the rows of the second table, leaves no database behind, and ends with 0', async () => {
      const args = ['--conditions=standpipe:source', join(root, 'scripts/demo.ts'), 'jdbc', '--once']
      const env = { ...process.env, CONNECT_BOOTSTRAP_SERVERS: address, STANDPIPE_TEST_POSTGRES: server.address }
      const { stdout } = await run(process.execPath, args, { cwd: root, env })
      expect(stdout).toContain(`${server.address} answers and is used`)
      expect(stdout).toMatch(/table orders_copy: 1000 rows as in orders/)
      expect(stdout).toMatch(/1000 \| standpipe_demo_\w+ 1000 \| 250\.00/)
      expect(await server.query('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'standpipe_demo%'")).toEqual([])
    })
  })
})

describeWithKafka('variables of the environment', (address) => {
  it('CONNECT_* win over the worker file and make one where there is none; secrets and values are not logged', async () => {
    const { dir, source, input, topic } = await fileToFile(address)
    await writeFile(input, 'one\n')
    const env = {
      ...elsewhere(dir, address),
      CONNECT_KEY_CONVERTER: 'StringConverter',
      CONNECT_VALUE_CONVERTER: 'JsonConverter',
      CONNECT_VALUE_CONVERTER_SCHEMAS_ENABLE: 'false',
      CONNECT_PRODUCER_COMPRESSION_TYPE: 'gzip',
      CONNECT_OFFSET_FLUSH_INTERVALL_MS: '1',
      CONNECT_PLUGIN_PATH: '/usr/share/java',
      STANDPIPE_LOG_LEVL: 'debug',
    }
    const worker = new WorkerProcess(['', source], env)
    await until(async () => (await kcatOrNothing(address, ['-C', '-t', topic, '-e', '-q'])) === '"one"\n')
    expect(worker.output).toContain('value.converter is set by the variable CONNECT_VALUE_CONVERTER')
    expect(worker.output).toMatch(
      /does not know the key offset\.flush\.intervall\.ms, which has no effect\. Did you mean offset\.flush\.interval\.ms/,
    )
    expect(worker.output).toContain('The variable STANDPIPE_LOG_LEVL is not known and has no effect. Did you mean STANDPIPE_LOG_LEVEL')
    expect(await worker.stop()).toBe(143)
  })

  it('STANDPIPE_LOG_FORMAT=json makes every line an object', async () => {
    const { worker } = await fileToFile(address)
    const process = new WorkerProcess([worker], { STANDPIPE_LOG_FORMAT: 'json' })
    await process.says('standalone worker started')
    await process.stop()
    const lines = process.output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string })
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'Kafka Connect stopped' })
  })
})

describe('commands of the README', () => {
  it.each(['connect-standalone', 'standpipe'])('%s --version loads nothing but its own few lines', async (command) => {
    const loaded = `data:text/javascript,${encodeURIComponent(`
      import { registerHooks } from 'node:module'
      registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context) } })`)}`
    const { stdout, stderr } = await run(process.execPath, ['--import', loaded, bin(command), '--version'])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const files = stderr.split('\n').filter((url) => url.startsWith('file:'))
    const sizes = await Promise.all(files.map(async (url) => (await readFile(new URL(url))).length))
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(40_000)
  })

  it('npm start is connect-standalone under npm’s Node, and the files the README gives it exist', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    const files = /^npm start -- (.*)$/m.exec(readme)![1]!.split(' ')
    await Promise.all(files.map((file) => access(join(root, file))))
    const { stdout } = await run('npm', ['start', '--silent', '--', '--version'], { cwd: root })
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('standpipe --help lists the verbs, and an unknown verb is refused with them', async () => {
    const { stdout } = await run(process.execPath, [bin('standpipe'), '--help'])
    expect(stdout).toMatch(/^usage: standpipe <verb>/)
    expect(stdout).toMatch(/\n {2}run .*\n {2}broker .*\n {2}offsets /)
    await expect(run(process.execPath, [bin('standpipe'), 'fly'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no verb fly') as string,
    })
  })
})

describeWithKafka('commands of the README that need Kafka', (address) => {
  it('standpipe offsets lists and exports what a worker stored', async () => {
    const { dir, files, input, output } = await fileToFile(address)
    await writeFile(input, 'one\ntwo\n')
    const worker = new WorkerProcess(files)
    await until(async () => (await readFile(output, 'utf8').catch(() => '')) === 'one\ntwo\n')
    await worker.stop()
    const list = await run(process.execPath, [bin('standpipe'), 'offsets', 'list', join(dir, 'connect.offsets')])
    expect(list.stdout).toContain('local-file-source')
    expect(list.stdout).toContain('8') // bytes read
    const java = await run(process.execPath, [bin('standpipe'), 'offsets', 'export', join(dir, 'connect.offsets'), '--format', 'java'], {
      encoding: 'buffer',
    })
    expect(java.stdout.subarray(0, 4).toString('hex')).toBe('aced0005')
  })

  it('npm run demo -- --once shows what arrived, and ends with 0', async () => {
    const args = ['--conditions=standpipe:source', join(root, 'scripts/demo.ts'), '--once']
    const { stdout } = await run(process.execPath, args, { cwd: root, env: { ...process.env, CONNECT_BOOTSTRAP_SERVERS: address } })
    expect(stdout).toContain(`${address} answers and is used`)
    expect(stdout).toMatch(/sink .*test\.sink\.txt: \d+ lines/)
    expect(stdout).toContain('line 1000 of 1000')
  })

  it('the worker command of the README runs on copies of the examples beside their files', async () => {
    const dir = await scratchDir()
    const names = ['connect-standalone.properties', 'connect-file-source.properties']
    for (const name of names) await copyFile(example(name), join(dir, name))
    const worker = start([bin('connect-standalone'), ...names], { cwd: dir, env: elsewhere(dir, address) })
    await until(() => worker.said.stderr.includes('Created connector local-file-source of connect-file-source.properties'))
    worker.child.kill('SIGTERM')
    expect(await worker.exited).toBe(143)
  })
})
