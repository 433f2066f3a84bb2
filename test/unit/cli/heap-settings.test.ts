import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = new URL('../../support/young-generation-process.ts', import.meta.url).pathname

async function youngMegabytes(kind: 'limited' | 'free'): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, kind])
  return Number(stdout)
}

it('the young generation ends growing far below what V8 would give it', async () => {
  expect(await youngMegabytes('free')).toBeGreaterThan(100)
  const limited = await youngMegabytes('limited')
  expect(limited).toBeGreaterThan(15)
  expect(limited).toBeLessThan(70)
})
