import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startConnectJava } from '../support/services/connect-java.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { endOffsets, kcat } from '../support/services/kcat.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'

const STRING_CONVERTERS = `key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
`

async function temporaryDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-test-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  return dir
}

describeWithKafka('the services of the tests', (kafka) => {
  it('share a broker that takes a record and gives it back', async () => {
    const topic = `services-${randomUUID()}`
    await kcat(kafka, ['-P', '-t', topic, '-K', ':'], 'key:value\n')

    const record = await kcat(kafka, ['-C', '-t', topic, '-e', '-q', '-f', '%k=%s@%o'])

    expect(record.toString()).toBe('key=value@0')
  })

  it('give a test a broker of its own whose address and data outlive a kill', async () => {
    const own = await privateKafka()
    await kcat(own.address, ['-P', '-t', 'kept'], 'one\ntwo\n')

    await own.kill()
    expect(own.pid).toBeNull()
    await own.restart()

    expect(await endOffsets(own.address, 'kept')).toEqual([2])
    expect((await kcat(own.address, ['-C', '-t', 'kept', '-e', '-q'])).toString()).toBe('one\ntwo\n')
  })

  it("run Java Kafka Connect on the property files of a test, and Kafka's tools", async () => {
    const dir = await temporaryDirectory()
    const topic = `services-${randomUUID()}`
    const worker = join(dir, 'worker.properties')
    const source = join(dir, 'source.properties')
    await writeFile(join(dir, 'in.txt'), 'hello\n')
    await writeFile(worker, `bootstrap.servers=${kafka}\noffset.storage.file.filename=${dir}/offsets\n${STRING_CONVERTERS}`)
    await writeFile(source, `name=${topic}\nconnector.class=FileStreamSource\nfile=${dir}/in.txt\ntopic=${topic}\n`)

    const connect = await startConnectJava({ worker, connectors: [source] })
    onTestFinished(() => connect.stop())

    const read = ['--bootstrap-server', kafka, '--topic', topic, '--from-beginning', '--max-messages', '1']
    expect(await javaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', read)).toBe('hello\n')
  })
})
