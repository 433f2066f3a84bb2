import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FileOffsetBackingStore } from '../../../src/offsets/file-offset-backing-store.ts'
import { readJavaOffsetFile, writeJavaOffsetFile } from '../../../src/offsets/java-offset-file.ts'
import { isOffsetJournal } from '../../../src/offsets/offset-journal.ts'
import { offsetBackingStoreContract } from '../../contract/offset-backing-store.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'
import { scratchFolder } from '../../support/file-stream.ts'
import { requireProgram } from '../../support/services/download.ts'
import { orSkipTest } from '../../support/services/or-skip-test.ts'

const entry = (key: string, value: string | null) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) })
const key = '["a",{"filename":"x"}]'

async function opened(file: string, log = new CollectingLogger()): Promise<FileOffsetBackingStore> {
  const store = new FileOffsetBackingStore(file, log)
  onTestFinished(() => store.stop())
  await store.start()
  return store
}

async function valueOf(store: FileOffsetBackingStore, text = key): Promise<string | null> {
  const [value] = await store.get([Buffer.from(text)])
  return value?.toString() ?? null
}

/** A file that holds one commit for each of these values of `key`, the store closed. */
async function journalWith(...values: readonly string[]): Promise<string> {
  const file = join(await scratchFolder(), 'connect.offsets')
  const store = await opened(file)
  for (const value of values) await store.set([entry(key, value)])
  await store.stop()
  return file
}

describe('FileOffsetBackingStore', () => {
  offsetBackingStoreContract(async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    return { open: () => new FileOffsetBackingStore(file, new CollectingLogger()), survivesRestart: true }
  })

  it('creates the file with the first commit, not before', async () => {
    const folder = await scratchFolder()
    const store = await opened(join(folder, 'connect.offsets'))
    expect(await readdir(folder)).toEqual(['connect.offsets.lock', 'connect.offsets.lock-holder'])
    await store.set([entry(key, '{"position":1}')])
    expect(isOffsetJournal(await readFile(join(folder, 'connect.offsets')))).toBe(true)
  })

  it('takes an empty file for no offsets, with a warning', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    await writeFile(file, '')
    const log = new CollectingLogger()
    const store = await opened(file, log)
    expect(log.lines.join()).toContain(`${file} is empty`)
    await store.set([entry(key, '{"position":1}')])
    await store.stop()
    expect(await valueOf(await opened(file))).toBe('{"position":1}')
  })

  it('cuts off a torn end with a warning and goes on after the last whole commit', async () => {
    const file = await journalWith('{"position":1}', '{"position":2}')
    await truncate(file, (await stat(file)).size - 3)
    const log = new CollectingLogger()
    const store = await opened(file, log)
    expect(log.lines.join()).toContain('unfinished commit')
    expect(await valueOf(store)).toBe('{"position":1}')
    await store.set([entry(key, '{"position":3}')])
    await store.stop()
    const again = new CollectingLogger()
    expect(await valueOf(await opened(file, again))).toBe('{"position":3}')
    expect(again.lines).toEqual([])
  })

  it('refuses to start on a damaged file and names file and byte', async () => {
    const file = await journalWith('{"position":1}', '{"position":2}')
    const bytes = await readFile(file)
    bytes[40]! ^= 1
    await writeFile(file, bytes)
    await expect(opened(file)).rejects.toThrow(`Offset journal ${file} is damaged at byte 20: a commit does not match its checksum`)
  })

  it('refuses to start on a journal of another version', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    await writeFile(file, 'standpipe offsets 2\n')
    await expect(opened(file)).rejects.toThrow('another version of standpipe')
  })

  it('refuses to start on a file of another kind and leaves it as it was', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    await writeFile(file, 'hello')
    await expect(opened(file)).rejects.toThrow(`invalid stream header: 68656C6C. ${file} is neither an offset journal nor`)
    expect(await readFile(file, 'utf8')).toBe('hello')
  })

  it('refuses to start where the directory is missing, and says what to do', async () => {
    const file = join(await scratchFolder(), 'missing', 'connect.offsets')
    await expect(opened(file)).rejects.toThrow(/offset file .*connect\.offsets cannot be used: ENOENT.*Create it/)
  })

  it('imports a Java file, keeps it as .bak, and writes updates under its key bytes', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    const javaKey = '["jdbc",{"table":"t","protocol":"1"}]'
    const java = writeJavaOffsetFile([entry(javaKey, '{"incrementing":4}'), { key: null, value: null }])
    await writeFile(file, java)
    const log = new CollectingLogger()
    const store = await opened(file, log)
    expect(log.lines.join()).toContain(`Imported 2 offsets`)
    expect(await readFile(`${file}.bak`)).toEqual(java)
    expect(await valueOf(store, '["jdbc",{"protocol":"1","table":"t"}]')).toBe('{"incrementing":4}')
    await store.set([entry('["jdbc",{"protocol":"1","table":"t"}]', '{"incrementing":5}')])
    await store.stop()
    const entries = await (await opened(file)).entries()
    expect(readJavaOffsetFile(writeJavaOffsetFile(entries), 'export')).toEqual([
      entry(javaKey, '{"incrementing":5}'),
      { key: null, value: null },
    ])
  })

  it('keeps an older .bak beside the new one', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    await writeFile(`${file}.bak`, 'older')
    await writeFile(file, writeJavaOffsetFile([entry(key, '{"position":4}')]))
    await opened(file)
    expect(await readFile(`${file}.bak`, 'utf8')).toBe('older')
    expect(readJavaOffsetFile(await readFile(`${file}.bak.1`), 'bak')).toEqual([entry(key, '{"position":4}')])
  })

  it('refuses a truncated Java file, which Java would take for no offsets', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    const java = writeJavaOffsetFile([entry(key, '{"position":4}')])
    await writeFile(file, java.subarray(0, java.length - 10))
    await expect(opened(file)).rejects.toThrow(`${file} is a Java offset file that ends too early`)
  })

  it('follows a symbolic link instead of replacing it', async () => {
    const folder = await scratchFolder()
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data', 'real'), writeJavaOffsetFile([entry(key, '{"position":4}')]))
    await symlink(join(folder, 'data', 'real'), join(folder, 'link'))
    await opened(join(folder, 'link'))
    expect(isOffsetJournal(await readFile(join(folder, 'data', 'real')))).toBe(true)
  })

  it('rewrites the file when it has grown much larger than its content', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    const store = await opened(file)
    const padding = 'x'.repeat(100_000)
    for (let position = 0; position < 25; position++) await store.set([entry(key, `{"position":${position},"padding":"${padding}"}`)])
    expect((await stat(file)).size).toBeLessThan(1_200_000)
    expect(await readdir(join(file, '..'))).toEqual(['connect.offsets', 'connect.offsets.lock', 'connect.offsets.lock-holder'])
    await store.stop()
    expect(await valueOf(await opened(file))).toContain('"position":24')
  })

  it('refuses a file that another store uses, also in the same process, until that one stops', async () => {
    const file = await journalWith('{"position":1}')
    const first = await opened(file)
    await expect(opened(file)).rejects.toThrow(`Offset file ${file} is in use by another worker (process ${process.pid} on `)
    await first.stop()
    expect(await valueOf(await opened(file))).toBe('{"position":1}')
  })

  it('names the process that uses the file, and takes over when that one was killed', async () => {
    const file = await journalWith('{"position":1}')
    const child = fork(new URL('../../support/offset-writing-process.ts', import.meta.url), [file], { execArgv: [] })
    await once(child, 'message')
    await expect(opened(file)).rejects.toThrow(`in use by another worker (process ${child.pid}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await valueOf(await opened(file))).toBe('{"position":1}')
  })

  it('loses no committed offset when the worker is killed while it writes', async () => {
    const file = join(await scratchFolder(), 'connect.offsets')
    let committed = 0
    for (let round = 0; round < 5; round++) {
      const child = fork(new URL('../../support/offset-writing-process.ts', import.meta.url), [file, 'write'], { execArgv: [] })
      child.on('message', (position: number) => (committed = Math.max(committed, position)))
      while (committed % 1000 < 50) await once(child, 'message')
      child.kill('SIGKILL')
      await once(child, 'exit')
      const store = await opened(file)
      const { position } = JSON.parse((await valueOf(store))!) as { position: number }
      expect(position).toBeGreaterThanOrEqual(committed)
      committed = Math.ceil((position + 1) / 1000) * 1000
      await store.set([entry(key, `{"position":${committed}}`)])
      await store.stop()
    }
  })

  it('reports a write that fails, and writes the offsets with the next flush', async () => {
    await orSkipTest(() => requireProgram('This test', 'bash', ['--version'], 'bash'))
    const file = await journalWith('{"position":1}')
    const limited = 'ulimit -f 64; exec "$@"' // files of at most 64 KiB: the nearest thing to a full disk
    const program = fileURLToPath(new URL('../../support/offset-writing-process.ts', import.meta.url))
    const { stdout } = await promisify(execFile)('bash', ['-c', limited, 'bash', process.execPath, program, file, 'until-full'])
    const outcome = JSON.parse(stdout) as { error: string; position: number }
    expect(outcome.error).toContain(`Cannot write offsets to ${file}: EFBIG`)
    expect(await valueOf(await opened(file))).toContain(`"position":${outcome.position}`)
  })

  it('refuses to start on a file it may not write', async () => {
    const file = await journalWith('{"position":1}')
    await chmod(join(file, '..'), 0o755)
    await chmod(file, 0o444)
    const child = fork(new URL('../../support/offset-writing-process.ts', import.meta.url), [file, 'as-nobody'], { execArgv: [] })
    const [message] = (await once(child, 'message')) as [string]
    expect(message).toContain(`Offsets cannot be stored: EACCES: permission denied, access '${file}'. Change the rights`)
  })
})
