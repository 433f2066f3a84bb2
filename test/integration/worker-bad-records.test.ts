import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { fileToFile } from '../support/file-to-file.ts'
import { kcat } from '../support/services/kcat.ts'
import { describeWithKafka } from '../support/services/suite.ts'
import { until, WorkerProcess } from '../support/worker-process.ts'

const contentOf = (path: string) => readFile(path, 'utf8').catch(() => '')
const schemaless = { 'value.converter': 'JsonConverter', 'value.converter.schemas.enable': 'false' }

describeWithKafka('records that cannot be converted', (address) => {
  /** Worker file and sink file over a topic with these values. */
  async function sinkOver(values: readonly string[], sink: Record<string, string>) {
    const setup = await fileToFile(address, { sink })
    await kcat(address, ['-P', '-t', setup.topic, '-p', '0'], values.map((value) => `${value}\n`).join(''))
    return { ...setup, process: new WorkerProcess([setup.worker, setup.sink]) }
  }

  it.each([
    ['JSON that ends too early', '{"a":', schemaless, 'Converting byte[] to Kafka Connect data failed due to serialization error'],
    [
      'JSON without an envelope',
      '{"a":1}',
      { 'value.converter': 'JsonConverter', 'value.converter.schemas.enable': 'true' },
      'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields.',
    ],
    ['four bytes for a long', 'abcd', { 'value.converter': 'LongConverter' }, 'Size of data received is not 8 but 4'],
  ])('%s: the task fails, and its log says which record it was, where it failed, why, and what to do', async (_, bad, sink, reason) => {
    const good = bad === 'abcd' ? '12345678' : '{"schema":null,"payload":1}'
    const { process, topic } = await sinkOver([good, bad], sink)
    await process.says('Task threw an uncaught and unrecoverable exception')
    await process.says('Task is restarted by itself at')
    await process.says(reason)
    expect(process.output).toMatch(/ERROR \[local-file-sink-.*\|task-0\] Task threw/)
    expect(process.output).toMatch(
      /Tolerance exceeded in error handler: VALUE_CONVERTER with org\.apache\.kafka\.connect\.\S+Converter failed for/,
    )
    expect(process.output).toContain(`the record at topic ${topic}, partition 0, offset 1.`)
    expect(process.output).toContain('set errors.tolerance=all to skip such records')
    expect(process.hasExited).toBe(false)
    expect(await process.stop()).toBe(143)
  })

  it('with errors.tolerance=all they are skipped and logged in Connect’s words, and the rest arrives', async () => {
    const tolerant = { ...schemaless, 'errors.tolerance': 'all', 'errors.log.enable': 'true', 'errors.log.include.messages': 'true' }
    const { process, topic, output } = await sinkOver(['1', '{"a":', '2', 'x', '3'], tolerant)
    await until(async () => (await contentOf(output)) === '1\n2\n3\n')
    const reports = process.output.split('\n').filter((line) => line.includes('Error encountered in task'))
    expect(reports).toHaveLength(2)
    expect(reports[0]).toMatch(
      /Error encountered in task local-file-sink-\S+-0\. Executing stage 'VALUE_CONVERTER' with class 'org\.apache\.kafka\.connect\.json\.JsonConverter'/,
    )
    expect(reports[0]).toContain(`where consumed record is {topic='${topic}', partition=0, offset=1, timestamp=`)
    expect(reports[1]).toContain('offset=3')
    expect(await process.stop()).toBe(143)
  })
})

describeWithKafka('a sink file on a full disk', (address) => {
  it('keeps its task running and its records, says so, and commits nothing', async () => {
    const { topic, worker, sink } = await fileToFile(address, { sink: { ...schemaless, file: '/dev/full' } })
    await kcat(address, ['-P', '-t', topic, '-p', '0'], '1\n2\n')
    const process = new WorkerProcess([worker, sink])
    await process.says('put() of 2 records is tried again until it succeeds; nothing is skipped')
    expect(process.output).toMatch(/RetriableException: .*\/dev\/full.*ENOSPC/)
    await new Promise((resolve) => setTimeout(resolve, 1500)) // several commit intervals
    expect(process.output).not.toContain('unrecoverable')
    const admin = await createKafkaClients().admin({ 'bootstrap.servers': address }, silentLogger)
    const committed = async () => (await admin.groupOffsets(`connect-local-file-sink-${topic}`)).map(({ offset }) => offset)
    expect(await committed()).not.toContain(2)
    expect(await process.stop()).toBe(143)
    expect(await committed()).not.toContain(2)
    await admin.close()
  })
})
