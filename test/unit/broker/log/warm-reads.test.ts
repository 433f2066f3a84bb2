import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileVolume } from '../../../../src/broker/log/storage/file-storage.ts'
import { silentLogger } from '../../../../src/logging/logger.ts'
import { appendValues, openLog } from './log-fixture.ts'

const LARGE = 'x'.repeat(50_000)

it('a large read of what this process wrote is there at once, one of what it found comes from a thread', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'standpipe-warm-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const folder = new FileVolume(directory, silentLogger).folder('orders-3')
  const options = { isolation: 'read_uncommitted', minOneBatch: true } as const
  const log = openLog({ folder })
  for (let count = 0; count < 4; count++) appendValues(log, [LARGE])
  expect(log.read(0, 1_000_000, options)).not.toBeInstanceOf(Promise)
  await log.close()
  const again = openLog({ folder, recoveryPoint: 4 })
  const cold = again.read(0, 1_000_000, options)
  expect(cold).toBeInstanceOf(Promise)
  await cold
  for (let count = 0; count < 4; count++) appendValues(again, [LARGE])
  const warm = again.read(4, 1_000_000, options)
  expect(warm).not.toBeInstanceOf(Promise)
  await again.close()
})
