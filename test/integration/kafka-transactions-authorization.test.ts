import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { committed, newAdmin, newTransactionalProducer, readAll, write } from '../support/kafka-transactions.ts'
import { freePorts } from '../support/services/free-ports.ts'
import { javaTool } from '../support/services/java-tools.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'

const MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const BOB = {
  'security.protocol': 'SASL_PLAINTEXT',
  'sasl.mechanism': 'PLAIN',
  'sasl.jaas.config': `${MODULE} required username="bob" password="bob-secret";`,
}
const OFFSET = { partition: 0, offset: 1 }

describeWithKafka('transactions of a user who may not do everything', () => {
  test('an id that is not allowed is fatal; a topic or group that is not costs its transaction alone', async () => {
    const [port] = await freePorts(1)
    const kafka = await privateKafka({ properties: withAuthorizer(port!) })
    const address = `127.0.0.1:${port}`
    const [mine, open, shut] = [randomUUID(), `open-${randomUUID()}`, `shut-${randomUUID()}`]
    const admin = await newAdmin(kafka.address)
    await admin.createTopics([open, shut].map((name) => ({ name, partitions: 1, replicationFactor: 1 })))
    const allow = (...args: string[]) =>
      javaTool('org.apache.kafka.tools.AclCommand', [
        '--bootstrap-server',
        kafka.address,
        '--add',
        '--allow-principal',
        'User:bob',
        ...args,
      ])
    await allow('--operation', 'Write', '--operation', 'Describe', '--transactional-id', mine, '--topic', open)
    await allow('--operation', 'Describe', '--topic', shut, '--group', 'closed')

    await expect(newTransactionalProducer(address, 'not mine', BOB)).rejects.toMatchObject({
      ...{ code: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', auth: true, abortable: false },
    })

    const producer = await newTransactionalProducer(address, mine, BOB)
    producer.beginTransaction()
    await write(producer, open, ['never'])
    await write(producer, shut, ['never'])
    await expect(producer.commitTransaction()).rejects.toMatchObject({
      abortable: true,
      auth: true,
      code: 'TOPIC_AUTHORIZATION_FAILED',
      topic: shut,
    })
    await producer.abortTransaction()

    producer.beginTransaction()
    await write(producer, open, ['nor this'])
    const offsets = producer.sendOffsetsToTransaction([{ ...OFFSET, topic: open }], { ...nobody, groupId: 'closed' })
    await expect(offsets).rejects.toMatchObject({ abortable: true, auth: true, code: 'GROUP_AUTHORIZATION_FAILED' })
    await expect(offsets).rejects.toThrow('Not authorized to access group: closed')
    await producer.abortTransaction()

    await committed(producer, open, ['seen'])
    await expect.poll(() => readAll(kafka.address, open, 'read_committed')).toEqual(['seen'])
    expect(await readAll(kafka.address, shut, 'read_uncommitted')).toEqual([])
  })
})

const nobody = { generationId: -1, memberId: '', groupInstanceId: null }

/** Who comes without SASL may do anything; bob, on the other port, what he is allowed. */
function withAuthorizer(port: number): Record<string, string> {
  return {
    listeners: `PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controllerPort},SASL://127.0.0.1:${port}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT',
    'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl.plain.sasl.jaas.config': `${MODULE} required user_bob="bob-secret";`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  }
}
