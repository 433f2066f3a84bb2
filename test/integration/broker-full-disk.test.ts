import { expect, it } from 'vitest'
import { systemClock } from '../../src/broker/clock.ts'
import { DEFAULT_LOG_CONFIG } from '../../src/broker/log/log-config.ts'
import { LogDirectory } from '../../src/broker/log/log-directory.ts'
import { Errors } from '../../src/broker/protocol/errors.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { batchOf, record } from '../support/record-batches.ts'
import { smallDisk } from '../support/services/small-disk.ts'

const ORDERS = { topic: 'orders', partition: 0, topicId: 'b8tRS7h4TJ2Vt43Dp85v2A' }

function open(dir: string): Promise<LogDirectory> {
  return LogDirectory.open({ dirs: [dir], clock: systemClock, log: silentLogger, onAdvance: () => undefined })
}

it('a full disk refuses the batch, keeps no part of it, and goes on when there is room', async () => {
  const disk = await smallDisk(2, process.cwd())
  const directory = await open(disk.dir)
  const log = directory.partition(ORDERS, DEFAULT_LOG_CONFIG)
  const batch = () => batchOf([record('x'.repeat(100_000))])
  const size = batch().length
  const refused = expect.objectContaining({ error: Errors.KAFKA_STORAGE_ERROR }) as Error
  expect(() => {
    for (let count = 0; count < 100; count++) log.append(batch())
  }).toThrow(refused)
  const kept = log.logEndOffset
  expect([kept > 10, log.sizeBytes]).toEqual([true, kept * size])
  expect(() => log.append(batch())).toThrow(refused)

  await disk.resize(8)
  expect(log.append(batch()).baseOffset).toBe(kept)
  await directory.close()
  const again = await open(disk.dir)
  expect(again.partition(ORDERS, DEFAULT_LOG_CONFIG).logEndOffset).toBe(kept + 1)
  await again.close()
})
