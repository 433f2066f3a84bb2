import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { silentLogger } from '../../src/logging/logger.ts'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { fileToFile } from '../support/file-to-file.ts'
import { freePorts } from '../support/services/free-ports.ts'
import { describeWithKafka, privateKafka } from '../support/services/suite.ts'
import { until, WorkerProcess } from '../support/worker-process.ts'

const contentOf = (path: string) => readFile(path, 'utf8').catch(() => '')

describeWithKafka('connect-standalone while Kafka is away', () => {
  it('starts without a broker, says so without filling the log, and goes on when the broker comes', async () => {
    const kafka = await privateKafka()
    await kafka.kill()
    const { files, input, output } = await fileToFile(kafka.address)
    await writeFile(input, 'one\ntwo\n')
    const worker = new WorkerProcess(files)
    await worker.says('Kafka Connect standalone worker started')
    await worker.says(`Connection to broker ${kafka.address} could not be established`)
    await delay(5000) // long enough for dozens of attempts
    const lines = worker.output.split('\n').filter((line) => line.includes('could not be established'))
    expect(lines.length).toBeLessThanOrEqual(2) // source and sink, once each
    expect(worker.output).not.toContain('FAILED')
    await kafka.start()
    await until(async () => (await contentOf(output)) === 'one\ntwo\n')
    expect(await worker.stop()).toBe(143)
  })
})

describeWithKafka('connect-standalone that a broker refuses', (address) => {
  it('says what to check when the port does not speak TLS', async () => {
    const security = {
      'producer.security.protocol': 'SSL',
      'consumer.security.protocol': 'SSL',
      'task.shutdown.graceful.timeout.ms': '100',
    }
    const { files, input } = await fileToFile(address, { worker: security })
    await writeFile(input, 'one\n')
    const worker = new WorkerProcess(files)
    for (const task of ['local-file-source', 'local-file-sink']) {
      await worker.says(new RegExp(`WARN \\[${task}.*\\|task-0\\] .*check that security.protocol matches the port`))
    }
    expect(worker.output).toContain(`Connection to broker ${address} could not be established`)
    expect(await worker.stop()).toBe(143)
  })

  it('fails its tasks with the broker’s reason when user or password are wrong, and never prints the password', async () => {
    const [saslPort] = (await freePorts(1)) as [number]
    const saslAddress = `127.0.0.1:${saslPort}`
    await privateKafka({ properties: saslListener(saslPort) })
    const jaas = (password: string) =>
      `org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="${password}";`
    const secured = (password: string) =>
      Object.fromEntries(
        ['producer.', 'consumer.'].flatMap((prefix) => [
          [`${prefix}security.protocol`, 'SASL_PLAINTEXT'],
          [`${prefix}sasl.mechanism`, 'PLAIN'],
          [`${prefix}sasl.jaas.config`, jaas(password)],
        ]),
      )
    const wrong = await fileToFile(saslAddress, { worker: secured('not-the-secret') })
    await writeFile(wrong.input, 'one\n')
    const refused = new WorkerProcess(wrong.files)
    for (const task of ['local-file-source', 'local-file-sink']) {
      await refused.says(new RegExp(`ERROR \\[${task}.*\\|task-0\\] Task threw an uncaught and unrecoverable exception`))
    }
    expect(refused.output).toMatch(/Authentication with PLAIN failed at broker .*: Authentication failed: Invalid username or password/)
    expect(refused.output).not.toContain('not-the-secret')
    expect(await refused.stop()).toBe(143)

    const right = await fileToFile(saslAddress, { worker: secured('the-secret') })
    await writeFile(right.input, 'one\n')
    const worker = new WorkerProcess(right.files)
    await until(async () => (await contentOf(right.output)) === 'one\n')
    expect(await worker.stop()).toBe(143)
  })
})

/** Server properties of a second listener beside the plain one, for the user alice. */
function saslListener(saslPort: number): Record<string, string> {
  return {
    listeners: `PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:${saslPort},CONTROLLER://127.0.0.1:{controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:${saslPort}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="the-secret";',
  }
}

describeWithKafka('connect-standalone where the broker creates no topics', () => {
  it('source and sink wait for the topic and say so; when it is created, both go on', async () => {
    const kafka = await privateKafka({ properties: { 'auto.create.topics.enable': 'false' } })
    const { files, input, output, topic } = await fileToFile(kafka.address)
    await writeFile(input, 'one\ntwo\n')
    const worker = new WorkerProcess(files)
    await worker.says(new RegExp(`WARN \\[local-file-sink.*\\] Topic ${topic} cannot be read: UNKNOWN_TOPIC_OR_PARTITION`))
    await worker.says(new RegExp(`WARN \\[local-file-source.*\\] Topic ${topic} cannot be written to: UNKNOWN_TOPIC_OR_PARTITION`))
    await delay(3000)
    const said = worker.output.split('\n').filter((line) => line.includes(`Topic ${topic} cannot be`))
    expect(said).toHaveLength(2)
    const admin = await createKafkaClients().admin({ 'bootstrap.servers': kafka.address }, silentLogger)
    await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, configs: {} }])
    await admin.close()
    await until(async () => (await contentOf(output)) === 'one\ntwo\n')
    expect(await worker.stop()).toBe(143)
  })
})
