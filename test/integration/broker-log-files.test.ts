import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/broker/clock.ts'
import { dirtyPart } from '../../src/broker/log/cleaner/dirty-part.ts'
import { LogCleaning } from '../../src/broker/log/cleaner/log-cleaning.ts'
import { DEFAULT_LOG_CONFIG } from '../../src/broker/log/log-config.ts'
import { LogDirectory } from '../../src/broker/log/log-directory.ts'
import type { PartitionLog } from '../../src/broker/log/partition-log.ts'
import type { CompressionType } from '../../src/kafka/record/compression-type.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { batchOf, record } from '../support/record-batches.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { scratchDir } from '../support/worker-process.ts'

const CODECS: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const CONFIG = { ...DEFAULT_LOG_CONFIG, 'index.interval.bytes': 1000, 'message.timestamp.type': 'CreateTime' }

async function dump(dir: string, ending: string, ...args: string[]): Promise<string> {
  const files = readdirSync(dir).filter((name) => name.endsWith(ending))
  expect(files).not.toEqual([])
  return javaTool('org.apache.kafka.tools.DumpLogSegments', ['--files', files.map((name) => join(dir, name)).join(','), ...args])
}

function fill(log: PartitionLog): void {
  const timestamp = Date.now()
  let sequence = 0
  for (let index = 0; index < 60; index++) {
    const type = CODECS[index % CODECS.length] ?? 'none'
    const records = Array.from({ length: 3 }, (_, at) =>
      record(`value ${index}.${at}`, { timestamp: timestamp + index, key: Buffer.from(`k${at}`) }),
    )
    const producer = { producerId: 7, producerEpoch: 0, baseSequence: sequence }
    sequence += records.length
    log.append(batchOf(records, { producer, compression: { type }, isTransactional: true }))
    if (index % 10 === 9) log.appendMarker(7, 0, index % 20 === 9 ? 'abort' : 'commit', 4)
  }
}

describe("a partition's files", () => {
  it("are read and found sound by Kafka's DumpLogSegments", async () => {
    const dir = await scratchDir()
    const directory = await LogDirectory.open({ dirs: [dir], clock: systemClock, log: silentLogger, onAdvance: () => undefined })
    const partition = directory.partition({ topic: 'orders', partition: 0, topicId: 'b8tRS7h4TJ2Vt43Dp85v2A' }, CONFIG)
    fill(partition)
    const latest = await partition.offsetOfMaxTimestamp()
    await directory.close()
    const folder = join(dir, 'orders-0')

    const log = await dump(folder, '.log', '--deep-iteration', '--print-data-log')
    expect(log.match(/payload: value/g)).toHaveLength(180)
    expect(log.match(/isvalid: true/g)).toHaveLength(66)
    expect(log).not.toContain('isvalid: false')
    expect(log.match(/endTxnMarker: ABORT coordinatorEpoch: 4/g)).toHaveLength(3)
    for (const codec of CODECS) expect(log).toContain(`compresscodec: ${codec}`)
    expect(await dump(folder, '.index', '--index-sanity-check')).toContain('passed sanity check')
    for (const ending of ['.index', '.timeindex']) {
      const index = await dump(folder, ending, '--verify-index-only')
      expect(index).not.toMatch(/mismatch|not found|out of order/i)
    }
    expect((await dump(folder, '.timeindex')).trim().split('\n').at(-1)).toBe(`timestamp: ${latest?.timestamp} offset: ${latest?.offset}`)
    expect(await dump(folder, '.txnindex')).toContain('producerId: 7 firstOffset: 0 lastOffset: 30 lastStableOffset: 31')
    expect(await dump(folder, '.snapshot')).toContain(
      'producerId: 7 producerEpoch: 0 coordinatorEpoch: 4 currentTxnFirstOffset: OptionalLong.empty',
    )
  })

  it('are as sound after they were cleaned', async () => {
    const dir = await scratchDir()
    const directory = await LogDirectory.open({ dirs: [dir], clock: systemClock, log: silentLogger, onAdvance: () => undefined })
    const config = { ...CONFIG, 'cleanup.policy': ['compact'] }
    const log = directory.partition({ topic: 'orders', partition: 0, topicId: 'b8tRS7h4TJ2Vt43Dp85v2A' }, config)
    fill(log)
    log.append(batchOf([record(null, { key: Buffer.from('k1'), timestamp: Date.now() })]))
    for (let cleaned = 0; cleaned < 2; cleaned++) {
      log.append(batchOf([record('x', { key: Buffer.from(`other ${cleaned}`), timestamp: Date.now() })]))
      log.roll()
      const part = dirtyPart(log, Date.now())
      if (part !== null) await new LogCleaning(log, part, Date.now()).run()
    }
    await directory.close()
    const folder = join(dir, 'orders-0')
    const text = await dump(folder, '.log', '--deep-iteration', '--print-data-log')
    expect(text).not.toContain('isvalid: false')
    expect(text.match(/payload: value/g)).toHaveLength(2)
    expect(text).toMatch(/deleteHorizonMs: OptionalLong\[\d+\]/)
    for (const ending of ['.index', '.timeindex'])
      expect(await dump(folder, ending, '--verify-index-only')).not.toMatch(/mismatch|not found|out of order/i)
  })
})
