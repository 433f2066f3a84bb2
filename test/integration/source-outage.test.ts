import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { firstRecords } from '../support/kafka-records.ts'
import { loneWorker } from '../support/lone-worker.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'
import { until } from '../support/worker-process.ts'

describeWithKafka('a source whose brokers go away', () => {
  it('stays RUNNING, says RETRYING since when and why, and sends everything once, in order, when they are back', async () => {
    const kafka = await privateKafka()
    const { dir, start, task, worker } = await loneWorker(kafka.address)
    const unacknowledged = () => worker.herder.taskMetrics({ connector: 'lines', task: 0 })?.get('source-record-active-count')
    const input = join(dir, 'in.txt')
    await writeFile(input, 'a\nb\n')
    await start('lines', { 'connector.class': 'FileStreamSource', file: input, topic: 'lines' })
    await firstRecords(kafka.address, 'lines', 2)
    await until(() => unacknowledged() === 0) // or they would rightly be sent again
    await kafka.kill()
    await appendFile(input, 'c\nd\n')
    await until(() => task('lines')?.condition?.kind === 'RETRYING')
    expect(task('lines')).toMatchObject({
      state: 'RUNNING',
      condition: { because: expect.stringMatching(/^Kafka has acknowledged none of \d records for 10 s/) as string },
    })
    await kafka.start()
    const records = await firstRecords(kafka.address, 'lines', 4)
    expect(records.map(({ value }) => value?.toString())).toEqual(['a', 'b', 'c', 'd'])
    await until(() => task('lines')?.condition === undefined)
    expect(task('lines')?.state).toBe('RUNNING')
  })
})
