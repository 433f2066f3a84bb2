import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { endOffsets, kcat } from '../support/services/kcat.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'

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
})
