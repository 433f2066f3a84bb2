import { appendFile, mkdtemp, readFile, rename, rm, stat, symlink, truncate, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DeadLetterFile } from '../../../../src/runtime/errors/dead-letter-file.ts'
import { ErrorMetrics } from '../../../../src/runtime/errors/error-metrics.ts'
import { Outage } from '../../../../src/runtime/outage.ts'
import type { TaskCondition } from '../../../../src/runtime/state.ts'
import { TaskControl } from '../../../../src/runtime/task-control.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-dlq-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  return join(dir, 'dead.jsonl')
}

function fileAt(path: string) {
  const conditions: (TaskCondition | null)[] = []
  const control = new TaskControl('STARTED', (_state, condition) => void conditions.push(condition))
  const log = new CollectingLogger()
  const outage = new Outage({ control, log })
  const file = new DeadLetterFile({ path, metrics: new ErrorMetrics(control.metrics), outage, signal: control.signal })
  onTestFinished(async () => {
    control.stop()
    await file.close()
  })
  return { file, control, conditions, log }
}

const contentOf = (path: string) => readFile(path, 'utf8')

describe('DeadLetterFile', () => {
  it('appends lines in order, a new file readable by its user alone', async () => {
    const path = await scratch()
    const { file } = fileAt(path)
    await file.open()
    await Promise.all(['a\n', 'b\n', 'c\n'].map((line) => file.append(line)))
    expect(await contentOf(path)).toBe('a\nb\nc\n')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('ends a line that a crash cut off, or filled with zeros, before it appends', async () => {
    const path = await scratch()
    await appendFile(path, 'whole\n{"cut')
    const { file } = fileAt(path)
    await file.append('a\n')
    expect(await contentOf(path)).toBe('whole\n{"cut\na\n')
    await truncate(path, 20)
    await file.append('b\n')
    expect(await contentOf(path)).toBe(`whole\n{"cut\na\n${'\0'.repeat(6)}\nb\n`)
  })

  it('keeps lines whole when many tasks append to the same file', async () => {
    const path = await scratch()
    const files = Array.from({ length: 4 }, () => fileAt(path).file)
    const line = (task: number, number: number) => `${JSON.stringify({ task, number, filling: 'x'.repeat(2000) })}\n`
    await Promise.all(files.map((file, task) => Promise.all(Array.from({ length: 500 }, (_, number) => file.append(line(task, number))))))
    const lines = (await contentOf(path))
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as { task: number; number: number })
    for (const task of files.keys())
      expect(lines.filter((each) => each.task === task).map(({ number }) => number)).toEqual(
        Array.from({ length: 500 }, (_, number) => number),
      )
  })

  it('follows the name to a file that was put in its place', async () => {
    const path = await scratch()
    const { file } = fileAt(path)
    await file.append('a\n')
    await rename(path, `${path}.1`)
    await appendFile(path, 'new\n')
    await file.append('b\n')
    expect(await contentOf(path)).toBe('new\nb\n')
  })

  it('creates the file anew when it was renamed or removed', async () => {
    const path = await scratch()
    const { file } = fileAt(path)
    await file.append('a\n')
    await rename(path, `${path}.1`)
    await file.append('b\n')
    await unlink(path)
    await file.append('c\n')
    expect(await contentOf(`${path}.1`)).toBe('a\n')
    expect(await contentOf(path)).toBe('c\n')
  })

  it('waits for a full disk, says so, and then writes what it kept', async () => {
    const path = await scratch()
    await symlink('/dev/full', path)
    const { file, control, conditions, log } = fileAt(path)
    await file.open()
    const written = file.append('a\n')
    while (control.metrics.get('deadletterqueue-produce-failures') < 2) await delay(5)
    expect(conditions.at(-1)).toMatchObject({ kind: 'RETRYING', because: expect.stringContaining('ENOSPC') as string })
    expect(log.lines[0]).toContain(`Writing 1 records to the dead letter queue file ${path} is tried again`)
    await rm(path)
    await written
    expect(await contentOf(path)).toBe('a\n')
    expect(conditions.at(-1)).toBeNull()
  })

  it('gives up a full disk when the task stops, so that the offset is not stored', async () => {
    const path = await scratch()
    await symlink('/dev/full', path)
    const { file, control } = fileAt(path)
    const written = file.append('a\n')
    while (control.metrics.get('deadletterqueue-produce-failures') < 1) await delay(5)
    control.stop()
    await expect(written).rejects.toThrow('Failed records could not be written to the dead letter queue file')
  })

  it('fails at once, saying what to do, when its folder does not exist', async () => {
    const path = join(await scratch(), 'missing', 'dead.jsonl')
    const { file } = fileAt(path)
    await expect(file.open()).rejects.toThrow(
      /ENOENT.*Create its folder and let the worker write there, or change errors\.deadletterqueue\.file/,
    )
    await expect(file.append('a\n')).rejects.toThrow('ENOENT')
  })
})
