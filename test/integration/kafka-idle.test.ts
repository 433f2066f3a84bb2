import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeWithKafka } from '../support/services/suite.ts'

describeWithKafka('idle clients', (address) => {
  test('K33: producer, consumer and admin with nothing to do leave the process in peace, and let it end', async () => {
    const script = new URL('../support/idle-clients-process.ts', import.meta.url).pathname
    const args = ['--conditions=standpipe:source', script, address, `idle-${randomUUID()}`, '10000']
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const idle = JSON.parse(stdout) as { timersPerSecond: number; cpuShare: number; warnings: string[] }
    // a fetch every half second, a heartbeat every three, each with its deadline
    expect(idle.timersPerSecond).toBeLessThan(10)
    expect(idle.cpuShare).toBeLessThan(0.01)
    expect(idle.warnings).toEqual([])
  })
})
