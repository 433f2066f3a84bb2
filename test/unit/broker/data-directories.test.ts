import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DataDirectories } from '../../../src/broker/data-directories.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'standpipe-data-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** @returns the cluster's id */
async function start(...dirs: readonly string[]): Promise<string> {
  const data = await DataDirectories.open(dirs, 1)
  data.close()
  return data.clusterId
}

describe('data directories', () => {
  it('have the id of their cluster in any order, and give it to one that is added', async () => {
    const [a, b, c] = [newFolder(), newFolder(), newFolder()]
    const id = await start(a, b)
    expect([await start(b, a), await start(a, b, c), await start(c, b, a)]).toEqual([id, id, id])
    await expect(start(a, newFolder(), b)).rejects.toThrow('log.dirs has 2 of the 3 data folders of this broker')
  })

  it('are no use without one of them: its partitions would be made anew, and its own be removed when it is back', async () => {
    const [a, b] = [newFolder(), newFolder()]
    const id = await start(a, b)
    await expect(start(b)).rejects.toThrow(`log.dirs has 1 of the 2 data folders of this broker (${b}). Mount the others, or name them`)
    const notMounted = newFolder()
    await expect(start(notMounted, b)).rejects.toThrow('log.dirs has 1 of the 2 data folders')
    expect(await start(a, b)).toBe(id)
  })

  it('are fewer when somebody says so', async () => {
    const [a, b] = [newFolder(), newFolder()]
    const id = await start(a, b)
    const meta = join(a, 'meta.properties')
    writeFileSync(meta, readFileSync(meta, 'utf8').replace('directories=2', 'directories=1'))
    expect(await start(a)).toBe(id)
  })

  it('are refused when the number of them cannot be read', async () => {
    const a = newFolder()
    await start(a)
    const meta = join(a, 'meta.properties')
    writeFileSync(meta, readFileSync(meta, 'utf8').replace('directories=1', 'directories=one'))
    await expect(start(a)).rejects.toThrow(`${meta} has directories=one. Set it to the number of data folders of this broker`)
  })

  it('of one cluster are not mixed with those of another', async () => {
    const [a, b] = [newFolder(), newFolder()]
    await start(a)
    await start(b)
    await expect(start(a, b)).rejects.toThrow('belong to different clusters')
  })
})
