import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/logging/logger.ts'
import { FileOffsetBackingStore } from '../../src/offsets/file-offset-backing-store.ts'
import { propertiesFile, scratchDir, WorkerProcess } from '../support/worker-process.ts'

/** Nothing listens there: a worker does not need a broker to start, nor to say what is wrong. */
const nowhere = '127.0.0.1:1'

async function workerFile(extra: Record<string, string | null> = {}): Promise<{ dir: string; file: string; offsets: string }> {
  const dir = await scratchDir()
  const offsets = join(dir, 'connect.offsets')
  const props: Record<string, string | null> = {
    'bootstrap.servers': nowhere,
    'key.converter': 'StringConverter',
    'value.converter': 'StringConverter',
    'offset.storage.file.filename': offsets,
    ...extra,
  }
  const set = Object.fromEntries(Object.entries(props).filter(([, value]) => value !== null)) as Record<string, string>
  return { dir, file: await propertiesFile(dir, 'worker.properties', set), offsets }
}

async function ended(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
  const worker = new WorkerProcess(args, env)
  const code = await worker.exited()
  return { code, output: worker.output }
}

describe('exit code 1: usage', () => {
  it.each([
    ['no argument', []],
    ['--help', ['--help']],
    ['--help anywhere', ['worker.properties', 'a.properties', '--help']],
    ['--help beside an unknown option', ['--bogus', '--help']],
  ])('%s prints the usage on standard output', async (_, args) => {
    const { code, output } = await ended(args)
    expect(code).toBe(1)
    expect(output).toMatch(/^usage: connect-standalone \[--strict\] \[--embedded\[=DIR\]\] worker\.properties/)
  })

  it('an unknown option is named, and nothing is started', async () => {
    const { code, output } = await ended(['--bogus', 'worker.properties'])
    expect(code).toBe(1)
    expect(output).toMatch(/^connect-standalone: Unknown option '--bogus'/)
    expect(output).not.toContain('pid')
  })

  it('-daemon of Apache’s script is refused with what to use in its place', async () => {
    const { code, output } = await ended(['-daemon', 'worker.properties'])
    expect(code).toBe(1)
    expect(output).toContain('-daemon is not supported: a service manager such as systemd')
  })
})

describe('exit code 2: the worker cannot be made', () => {
  it('a worker file that is not there is named with what to check', async () => {
    const { code, output } = await ended(['/nowhere/worker.properties'])
    expect(code).toBe(2)
    expect(output).toContain("Worker configuration at '/nowhere/worker.properties' cannot be read: ENOENT")
    expect(output).toContain('Check the path and its permissions')
  })

  it('an empty name of the worker file is an empty configuration, as in Apache’s', async () => {
    const { code, output } = await ended([''])
    expect(code).toBe(2)
    expect(output).toContain('Missing required configuration "bootstrap.servers" which has no default value.')
  })

  it.each([
    ['bootstrap.servers', 'Missing required configuration "bootstrap.servers" which has no default value.'],
    ['key.converter', 'Missing required configuration "key.converter" which has no default value.'],
    ['value.converter', 'Missing required configuration "value.converter" which has no default value.'],
    ['offset.storage.file.filename', 'Missing required configuration "offset.storage.file.filename" which has no default value.'],
  ])('a missing %s is named', async (key, text) => {
    const { file } = await workerFile({ [key]: null })
    const { code, output } = await ended([file])
    expect(code).toBe(2)
    expect(output).toContain(text)
    expect(output).toContain(file)
  })

  it.each([
    [{ 'offset.flush.interval.ms': '1s' }, 'Invalid value 1s for configuration offset.flush.interval.ms: Not a number of type LONG'],
    [{ 'bootstrap.servers': 'localhost' }, 'Invalid url in bootstrap.servers: localhost'],
    [{ 'connector.client.config.override.policy': 'Some' }, 'Invalid value Some for configuration connector.client.config.override.policy'],
    [{ 'offset.storage.class': 'Redis' }, 'Invalid value Redis for configuration offset.storage.class: Class Redis could not be found.'],
    [
      { 'config.providers': 'vault', 'config.providers.vault.class': 'VaultConfigProvider' },
      'Invalid value VaultConfigProvider for configuration config.providers.vault.class',
    ],
  ])('an invalid value is named with its key: %o', async (props: Record<string, string>, text) => {
    const { file } = await workerFile(props)
    const { code, output } = await ended([file])
    expect(code).toBe(2)
    expect(output).toContain(text)
  })

  it.each([
    ['key.converter', 'io.confluent.connect.avro.AvroConverter'],
    ['value.converter', 'Jsonconverter'],
    ['header.converter', 'HeaderConverter'],
  ])('an unknown class of %s is named, with the classes that exist', async (key, className) => {
    const { file } = await workerFile({ [key]: className })
    const { code, output } = await ended([file])
    expect(code).toBe(2)
    expect(output).toContain(`Invalid value ${className} for configuration ${key}: Class ${className} could not be found. Known are `)
    expect(output).toContain('org.apache.kafka.connect.storage.StringConverter')
  })

  it('a malformed \\u in the worker file is named with file and line', async () => {
    const { file } = await workerFile()
    await appendFile(file, '# a comment\nbad=\\u12x4\n')
    const { code, output } = await ended([file])
    expect(code).toBe(2)
    expect(output).toContain('Malformed \\uxxxx encoding')
    expect(output).toContain(`${file}, line 6`)
  })

  it('a variable that its provider cannot resolve is named', async () => {
    const { file } = await workerFile({
      'config.providers': 'file',
      'config.providers.file.class': 'FileConfigProvider',
      'offset.storage.file.filename': '${file:/nowhere/secrets.properties:offsets}',
    })
    const { code, output } = await ended([file])
    expect(code).toBe(2)
    expect(output).toContain('/nowhere/secrets.properties')
  })
})

describe('exit code 3: the worker cannot be started', () => {
  it('a file that holds no offsets is refused, and is left as it is', async () => {
    const { file, offsets } = await workerFile()
    await writeFile(offsets, 'this is no offset file\n')
    const { code, output } = await ended([file])
    expect(code).toBe(3)
    expect(output).toContain(`${offsets} is neither an offset journal nor an offset file of Kafka Connect`)
    expect(await readFile(offsets, 'utf8')).toBe('this is no offset file\n')
  })

  it('a damaged offset file is named with the byte, and is left as it is', async () => {
    const { file, offsets } = await workerFile()
    const store = new FileOffsetBackingStore(offsets, silentLogger)
    await store.start()
    for (const name of ['a', 'b', 'c']) await store.set([{ key: Buffer.from(name), value: Buffer.from('{"position":1}') }])
    await store.stop()
    const bytes = await readFile(offsets)
    const damaged = bytes.indexOf('position')
    bytes[damaged] = 0
    await writeFile(offsets, bytes)
    const { code, output } = await ended([file])
    expect(code).toBe(3)
    expect(output).toContain(offsets)
    expect(output).toMatch(/byte \d+/)
    expect(await readFile(offsets)).toEqual(bytes)
  })

  it('an offset file that a running worker has is refused, with the process that has it', async () => {
    const { file, offsets } = await workerFile()
    const first = new WorkerProcess([file])
    await first.says('Kafka Connect standalone worker started')
    const { code, output } = await ended([file])
    expect(code).toBe(3)
    expect(output).toContain(offsets)
    expect(output).toContain(String(first.pid))
    expect(await first.stop()).toBe(143)
  })

  it('an offset file whose folder is not there is named', async () => {
    const { file } = await workerFile({ 'offset.storage.file.filename': '/nowhere/at/all/connect.offsets' })
    const { code, output } = await ended([file])
    expect(code).toBe(3)
    expect(output).toContain('/nowhere/at/all')
  })

  it.each([
    ['--strict', ['--strict'], {}],
    ['STANDPIPE_STRICT=true', [], { STANDPIPE_STRICT: 'true' }],
  ])('with %s a bad connector file stops the worker, and later files are not looked at', async (_, options, env) => {
    const { file, dir } = await workerFile()
    const good = { 'connector.class': 'FileStreamSource', file: join(dir, 'in.txt'), topic: 't' }
    const first = await propertiesFile(dir, 'first.properties', { name: 'first', ...good })
    const bad = await propertiesFile(dir, 'bad.properties', { name: 'bad', 'connector.class': 'FileStreamSource' })
    const later = await propertiesFile(dir, 'later.properties', { name: 'later', ...good })
    const { code, output } = await ended([...options, file, first, bad, later], env)
    expect(code).toBe(3)
    expect(output).toContain(`Created connector first of ${first}`)
    expect(output).toContain('Missing required configuration "topic" which has no default value.')
    expect(output).toContain('Stopping after connector error (--strict)')
    expect(output).not.toContain(later)
  })
})
