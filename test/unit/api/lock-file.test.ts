import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LockFile, LockHeldError } from '../../../src/api/lock-file.ts'
import { scratchFolder } from '../../support/file-stream.ts'

async function taken(path: string): Promise<LockFile> {
  const lock = await LockFile.take(path)
  onTestFinished(() => lock.release())
  return lock
}

const refusal = (path: string) => LockFile.take(path).catch((error: unknown) => error)

describe('a lock on a file', () => {
  it('is had by one until that one releases it, and says who that is', async () => {
    const path = join(await scratchFolder(), 'lock')
    const first = await LockFile.take(path)
    const error = await refusal(path)
    first.release()
    expect(error).toBeInstanceOf(LockHeldError)
    expect((error as LockHeldError).holder).toBe(await readFile(`${path}-holder`, 'utf8'))
    expect((error as LockHeldError).message).toMatch(new RegExp(`lock is locked by process ${process.pid} on .+ since \\d{4}-`))
    await taken(path)
  })

  it('is refused without a name when the one who has it left none', async () => {
    const path = join(await scratchFolder(), 'lock')
    await taken(path)
    await writeFile(`${path}-holder`, '')
    expect(await refusal(path)).toMatchObject({ name: 'LockHeldError', holder: null })
  })

  it('is not said to be somebody else’s where nobody can have it', async () => {
    const path = join(await scratchFolder(), 'lock')
    await mkdir(path)
    const error = await refusal(path)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(LockHeldError)
  })

  it('is not kept by who could not write down that it is had', async () => {
    const path = join(await scratchFolder(), 'lock')
    await mkdir(`${path}-holder`)
    expect(await refusal(path)).toMatchObject({ code: 'EISDIR' })
    await expect(LockFile.take(path)).rejects.not.toBeInstanceOf(LockHeldError)
  })
})
