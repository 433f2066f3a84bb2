import { execFile } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { RetriableException } from 'standpipe/api'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { scratchFolder, sinkRecords, startedSinkTask } from '../../../support/file-stream.ts'
import { requireProgram } from '../../../support/services/download.ts'
import { orSkipTest } from '../../../support/services/or-skip-test.ts'

describe('FileStreamSinkTask', () => {
  it('appends one line a record, null for null, to a file it creates', async () => {
    const file = join(await scratchFolder(), 'out.txt')
    const task = await startedSinkTask({ file })
    expect((await stat(file)).size).toBe(0)
    await task.put(sinkRecords(['a', null]))
    await task.put([])
    await task.put(sinkRecords(['ü😀']))
    await task.flush()
    expect(await readFile(file, 'utf8')).toBe('a\nnull\nü😀\n')
  })

  it('appends to what is there', async () => {
    const file = join(await scratchFolder(), 'out.txt')
    await writeFile(file, 'old\n')
    await (await startedSinkTask({ file })).put(sinkRecords(['new']))
    expect(await readFile(file, 'utf8')).toBe('old\nnew\n')
  })

  it('ends a line that a killed writer left half, so that the record put again is a line of its own', async () => {
    const file = join(await scratchFolder(), 'out.txt')
    await writeFile(file, 'whole\nhal')
    const log = new CollectingLogger()
    await (await startedSinkTask({ file }, log)).put(sinkRecords(['half', 'next']))
    expect(await readFile(file, 'utf8')).toBe('whole\nhal\nhalf\nnext\n')
    expect(log.lines.join()).toContain('is not terminated')
  })

  it('lets several tasks append to one file, line by line', async () => {
    const file = join(await scratchFolder(), 'out.txt')
    const tasks = await Promise.all(Array.from({ length: 4 }, () => startedSinkTask({ file })))
    const lines = tasks.map((_, task) => Array.from({ length: 2000 }, (_, line) => `task ${task} line ${line} ${'x'.repeat(50)}`))
    for (let start = 0; start < 2000; start += 500) {
      await Promise.all(tasks.map((task, index) => task.put(sinkRecords(lines[index]!.slice(start, start + 500)))))
    }
    expect((await readFile(file, 'utf8')).trimEnd().split('\n').sort()).toEqual(lines.flat().sort())
  })

  it('fails where the directory is missing, and says what to do', async () => {
    const folder = await scratchFolder()
    const file = join(folder, 'missing', 'out.txt')
    await expect(startedSinkTask({ file })).rejects.toThrow(
      `Couldn't find or create file '${file}' for FileStreamSinkTask: ENOENT: no such file or directory. Create the directory ${folder}/missing first`,
    )
  })

  it('fails on a directory, and says so', async () => {
    await expect(startedSinkTask({ file: await scratchFolder() })).rejects.toThrow('Name a file, not a directory')
  })

  it('asks for another try when the disk is full, and names file and reason', async () => {
    const task = await startedSinkTask({ file: '/dev/full' })
    const failure = await task.put(sinkRecords(['a'])).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RetriableException)
    expect((failure as Error).message).toContain('Cannot append to /dev/full: ENOSPC: no space left on device')
  })

  it('writes no byte twice when a batch that was cut by a full disk is put again', async () => {
    await orSkipTest(() => requireProgram('This test', 'bash', ['--version'], 'bash'))
    await orSkipTest(() => requireProgram('This test', 'prlimit', ['--version'], 'util-linux'))
    const file = join(await scratchFolder(), 'out.txt')
    const program = fileURLToPath(new URL('../../../support/interrupted-sink-process.ts', import.meta.url))
    const limited = 'ulimit -S -f 64; exec "$@"' // files of at most 64 KiB until the process lifts the limit
    const args = ['-c', limited, 'bash', process.execPath, '--conditions=standpipe:source', program, file]
    const { stdout } = await promisify(execFile)('bash', args)
    expect(stdout).toContain('Cannot append to')
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    expect(lines).toEqual(Array.from({ length: 1500 }, (_, index) => `line ${index} ${'x'.repeat(90)}`))
  })

  it('syncs nothing that cannot be synced', async () => {
    const task = await startedSinkTask({ file: '/dev/null' })
    await task.put(sinkRecords(['a']))
    await expect(task.flush()).resolves.toBeUndefined()
  })
})
