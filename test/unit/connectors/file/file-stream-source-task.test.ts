import { execFileSync } from 'node:child_process'
import { appendFile, copyFile, mkdir, open, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { SourceRecord } from 'standpipe/api'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'
import { linesUntil, polledLines, scratchFolder, startedSourceTask } from '../../../support/file-stream.ts'
import { requireProgram } from '../../../support/services/download.ts'
import { orSkipTest } from '../../../support/services/or-skip-test.ts'

async function inputFile(content: string | Buffer | null = null, name = 'in.txt'): Promise<string> {
  const file = join(await scratchFolder(), name)
  if (content !== null) await writeFile(file, content)
  return file
}

const offsets = (records: readonly SourceRecord[] | null) => records?.map((record) => record.sourceOffset) ?? null

describe('FileStreamSourceTask', () => {
  it('makes records of lines: no key, required string, the time of reading, one shared partition', async () => {
    const file = await inputFile('a\nb\n')
    const [a, b] = (await (await startedSourceTask({ file, topic: 't' })).poll())!
    expect(a).toMatchObject({
      topic: 't',
      kafkaPartition: null,
      value: 'a',
      sourcePartition: { filename: file },
      sourceOffset: { position: 2 },
    })
    expect(a!.keyData).toEqual({ schema: null, value: null, rawJson: null })
    expect(a!.valueSchema).toMatchObject({ type: 'STRING', optional: false })
    expect(a!.timestamp).toBeGreaterThan(1_700_000_000_000)
    expect(b!.sourcePartition).toBe(a!.sourcePartition)
  })

  it('returns at most batch.size records and does not wait for data to return the others', async () => {
    const task = await startedSourceTask({ file: await inputFile('a\nb\nc\n'), topic: 't', 'batch.size': '2' })
    expect(await polledLines(task)).toEqual(['a', 'b'])
    expect(await polledLines(task)).toEqual(['c'])
  })

  it('counts positions in bytes and resumes exactly there', async () => {
    const file = await inputFile('üé😀\nx\n')
    const first = await startedSourceTask({ file, topic: 't' })
    expect(offsets(await first.poll())).toEqual([{ position: 9 }, { position: 11 }])
    const second = await startedSourceTask({ file, topic: 't' }, { offset: { position: 9 } })
    expect(await polledLines(second)).toEqual(['x'])
  })

  it.each([
    ['a text', '4'],
    ['a fraction', 1.5],
    ['a boolean', true],
  ])('refuses a stored position that is %s', async (_name, position) => {
    await expect(startedSourceTask({ file: await inputFile('a\n'), topic: 't' }, { offset: { position } })).rejects.toThrow(
      'Offset position is the incorrect type',
    )
  })

  it('takes a stored position of the type bigint', async () => {
    const task = await startedSourceTask({ file: await inputFile('one\ntwo\n'), topic: 't' }, { offset: { position: 4n } })
    expect(await polledLines(task)).toEqual(['two'])
  })

  it('reads a file from its start, with a warning, when the stored position is beyond its end', async () => {
    const log = new CollectingLogger()
    const task = await startedSourceTask({ file: await inputFile('a\n'), topic: 't' }, { offset: { position: 10 }, log })
    expect(await polledLines(task)).toEqual(['a'])
    expect(log.lines.join()).toContain('has 2 bytes, fewer than the 10 that were read of it')
  })

  it('warns of a missing file once in a while and reads it when it appears', async () => {
    const file = await inputFile()
    const log = new CollectingLogger()
    const task = await startedSourceTask({ file, topic: 't' }, { log })
    expect(await polledLines(task)).toBeNull()
    expect(await polledLines(task)).toBeNull()
    expect(log.lines).toEqual([`WARN Couldn't find file ${file} for FileStreamSourceTask, sleeping to wait for it to be created`])
    await writeFile(file, 'late\n')
    expect(await polledLines(task)).toEqual(['late'])
  })

  it('fails on a directory, and says so', async () => {
    const folder = await scratchFolder()
    await mkdir(join(folder, 'in.gz'))
    for (const file of [folder, join(folder, 'in.gz')]) {
      const task = await startedSourceTask({ file, topic: 't' })
      await expect(task.poll()).rejects.toThrow(`${file} is a directory: name a file`)
    }
  })

  it('ends its wait when the task is to stop', async () => {
    const stop = new AbortController()
    const task = await startedSourceTask({ file: await inputFile(''), topic: 't' }, { signal: stop.signal })
    const polled = task.poll()
    stop.abort()
    expect(await polled).toBeNull()
    expect(await task.poll()).toBeNull()
  })
})

describe('rotation by rename', () => {
  it('reads the old file to its end, its unterminated last line too, then the new one from its start', async () => {
    const file = await inputFile('a\n')
    const log = new CollectingLogger()
    const task = await startedSourceTask({ file, topic: 't' }, { log })
    expect(await polledLines(task)).toEqual(['a'])
    await appendFile(file, 'b\n')
    await rename(file, `${file}.1`)
    await writeFile(file, 'new\n')
    await appendFile(`${file}.1`, 'c\nlast')
    expect(await linesUntil(task, 4)).toEqual(['b', 'c', 'last', 'new'])
    expect(log.lines.join()).toContain('was replaced: the old file is read to its end')
  })

  it('goes on with the old file as long as its writer has not changed over', async () => {
    const file = await inputFile('a\n')
    const task = await startedSourceTask({ file, topic: 't' })
    expect(await polledLines(task)).toEqual(['a'])
    await rename(file, `${file}.1`)
    await writeFile(file, 'new\n')
    expect(await polledLines(task)).toBeNull()
    await appendFile(`${file}.1`, 'late\n')
    expect(await linesUntil(task, 2)).toEqual(['late', 'new'])
  })

  it('goes on with the old file as long as there is no new one', async () => {
    const file = await inputFile('a\n')
    const task = await startedSourceTask({ file, topic: 't' })
    expect(await polledLines(task)).toEqual(['a'])
    await rename(file, `${file}.1`)
    for (const line of ['b', 'c', 'd']) {
      await appendFile(`${file}.1`, `${line}\n`)
      expect(await linesUntil(task, 1)).toEqual([line])
      expect(await polledLines(task)).toBeNull()
    }
    await writeFile(file, 'new\n')
    expect(await linesUntil(task, 1)).toEqual(['new'])
  })

  it('starts a replaced file at 0 although it is larger than the old one', async () => {
    const file = await inputFile('a\n')
    const task = await startedSourceTask({ file, topic: 't' })
    expect(await polledLines(task)).toEqual(['a'])
    await rm(file)
    await writeFile(file, 'first\nsecond\n')
    expect(await linesUntil(task, 2)).toEqual(['first', 'second'])
  })

  it('has offsets that find the rotated file again after a restart', async () => {
    const file = await inputFile('a\n')
    const first = await startedSourceTask({ file, topic: 't' })
    expect(await polledLines(first)).toEqual(['a'])
    await rename(file, `${file}.1`)
    await writeFile(file, 'b\nc\n')
    let records: readonly SourceRecord[] | null = null
    while (records === null) records = await first.poll()
    expect(offsets(records)).toEqual([
      { position: 2, fileKey: expect.any(String) as string },
      { position: 4, fileKey: expect.any(String) as string },
    ])
    await first.stop()
    await rename(file, `${file}.2`)
    await writeFile(file, 'a file that is larger than the other one\n')
    const second = await startedSourceTask({ file, topic: 't' }, { offset: records[0]!.sourceOffset })
    expect(await linesUntil(second, 2)).toEqual(['c', 'a file that is larger than the other one'])
  })

  it('reads the new file from its start when the rotated one is gone after a restart', async () => {
    const log = new CollectingLogger()
    const file = await inputFile('some\nlines\n')
    const task = await startedSourceTask({ file, topic: 't' }, { offset: { position: 5, fileKey: '1-2' }, log })
    expect(await linesUntil(task, 2)).toEqual(['some', 'lines'])
    expect(log.lines.join()).toContain('is another file than the one read up to position 5, which is gone')
  })

  it('loses and repeats no line while lines are written and files rotated', async () => {
    const file = await inputFile('')
    const task = await startedSourceTask({ file, topic: 't' })
    const expected: string[] = []
    const seen: unknown[] = []
    for (let round = 0; round < 5; round++) {
      const handle = await open(file, 'a')
      for (let line = 0; line < 50; line++) {
        expected.push(`${round}-${line}`)
        await handle.write(`${round}-${line}\n`)
        if (line === 30) await rename(file, `${file}.${round}`)
        if (line % 10 === 0) seen.push(...((await polledLines(task)) ?? []))
      }
      await handle.close()
      await writeFile(file, '')
      while (seen.length < expected.length) seen.push(...((await polledLines(task)) ?? []))
      while ((await polledLines(task)) !== null || (await polledLines(task)) !== null) expect.unreachable()
    }
    expect(seen).toEqual(expected)
  })
})

describe('rotation by copytruncate', () => {
  it('reads a truncated file from its start, with a warning, and gives what was held back', async () => {
    const file = await inputFile('aaaa\nbbbb\nhalf')
    const log = new CollectingLogger()
    const task = await startedSourceTask({ file, topic: 't' }, { log })
    expect(await polledLines(task)).toEqual(['aaaa', 'bbbb'])
    await copyFile(file, `${file}.1`)
    await truncate(file, 0)
    expect(await linesUntil(task, 1)).toEqual(['half'])
    await appendFile(file, 'c\nd\n')
    const records = await task.poll()
    expect(records!.map((record) => record.value)).toEqual(['c', 'd'])
    expect(records!.at(-1)!.sourceOffset).toMatchObject({ position: 4 })
    expect(log.lines.join()).toContain('was truncated to 0 bytes after 14 had been read')
  })
})

describe('named pipe', () => {
  it('reads lines as they are written, from one writer after the other', async () => {
    await orSkipTest(() => requireProgram('This test', 'mkfifo', ['--version'], 'coreutils'))
    const file = await inputFile()
    execFileSync('mkfifo', [file])
    const task = await startedSourceTask({ file, topic: 't' }, { offset: { position: 100 } })
    expect(await polledLines(task)).toBeNull()
    for (const line of ['one', 'two']) {
      await writeFile(file, `${line}\n`)
      expect(await linesUntil(task, 1)).toEqual([line])
    }
  })
})

describe('gzip', () => {
  it('reads lines of a file whose name ends in .gz, with positions of the uncompressed text', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`)
    const file = await inputFile(gzipSync(lines.join('\n') + '\n'), 'in.gz')
    const task = await startedSourceTask({ file, topic: 't' })
    expect(await linesUntil(task, lines.length)).toEqual(lines)
    expect(await polledLines(task)).toBeNull()
    const resumed = await startedSourceTask({ file, topic: 't' }, { offset: { position: 'line 0\nline 1\n'.length } })
    expect((await linesUntil(resumed, 1))[0]).toBe('line 2')
  })

  it('goes on when a file that was cut off is completed, and when a member is appended', async () => {
    const first = gzipSync('one\ntwo\n')
    const file = await inputFile(first.subarray(0, 15), 'in.gz')
    const task = await startedSourceTask({ file, topic: 't' })
    const seen = (await polledLines(task)) ?? []
    await writeFile(file, first)
    while (seen.length < 2) seen.push(...((await polledLines(task)) ?? []))
    expect(seen).toEqual(['one', 'two'])
    await appendFile(file, gzipSync('three\n'))
    expect(await linesUntil(task, 1)).toEqual(['three'])
  })

  it('reads a replaced file from its start when it holds less than was read', async () => {
    const log = new CollectingLogger()
    const file = await inputFile(gzipSync('a\n'), 'in.gz')
    const task = await startedSourceTask({ file, topic: 't' }, { offset: { position: 100 }, log })
    expect(await linesUntil(task, 1)).toEqual(['a'])
    expect(log.lines.join()).toContain('holds 2 uncompressed bytes, fewer than the 100')
  })

  it('fails on what is not gzip, and says so', async () => {
    const task = await startedSourceTask({ file: await inputFile('plain text\n', 'in.gz'), topic: 't' })
    await expect(task.poll()).rejects.toThrow(/Cannot decompress .*in\.gz.*incorrect header check.*must hold gzip data/)
  })

  it('goes on where it was when a damaged file has been replaced by a good one', async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => `line ${index}`)
    const [first, second] = [lines.slice(0, 1000), lines.slice(1000)].map((part) => gzipSync(part.join('\n') + '\n'))
    const damaged = Buffer.concat([first!, second!])
    damaged[first!.length + 10] = 0x07 // a block of a type that does not exist
    const file = await inputFile(damaged, 'in.gz')
    const task = await startedSourceTask({ file, topic: 't' })
    const seen: unknown[] = []
    const readDamaged = async () => {
      for (;;) seen.push(...((await polledLines(task)) ?? []))
    }
    await expect(readDamaged()).rejects.toThrow('Cannot decompress')
    await writeFile(file, Buffer.concat([first!, second!]))
    seen.push(...(await linesUntil(task, lines.length - seen.length)))
    expect(seen).toEqual(lines)
  })

  it('waits for a file that is missing', async () => {
    const file = await inputFile(null, 'in.gz')
    const task = await startedSourceTask({ file, topic: 't' })
    expect(await polledLines(task)).toBeNull()
    await writeFile(file, gzipSync('late\n'))
    expect(await linesUntil(task, 1)).toEqual(['late'])
  })
})
