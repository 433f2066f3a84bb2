import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { numberedLine, reconcile, type Reconciliation } from '../../support/numbered-lines.ts'

async function reconciled(sequence: readonly number[], count: number): Promise<Reconciliation> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-lines-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  await writeFile(join(dir, 'out.txt'), sequence.map((index) => `${numberedLine(index)}\n`).join(''))
  return reconcile(join(dir, 'out.txt'), count)
}

it('a lost line is missing, and a gap', async () => {
  expect(await reconciled([0, 1, 3, 4], 5)).toMatchObject({ missing: 1, gaps: 1 })
})

it('a line before its predecessor is a gap, although it is not missing', async () => {
  expect(await reconciled([0, 2, 1, 3], 4)).toMatchObject({ missing: 0, gaps: 1 })
})

it('going back in a topic that repeats lines may go on in their numbers: no gap, every line first came behind all before it', async () => {
  expect(await reconciled([0, 1, 2, 3, 0, 1, 4, 5, 2, 3, 4, 5, 6], 7)).toMatchObject({ missing: 0, gaps: 0, rewinds: 2, duplicates: 6 })
})
