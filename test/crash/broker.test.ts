import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createKafkaClients } from '../../src/kafka/kafka-clients.ts'
import { silentLogger } from '../../src/logging/logger.ts'
import { BrokerProcess } from '../support/broker/broker-process.ts'
import {
  CommittedReader,
  CommittingLoad,
  IdempotentLoad,
  PARTITIONS,
  PLAIN,
  readTopic,
  TRANSACTIONAL,
  TransactionalLoad,
} from '../support/broker/crash-load.ts'
import { endOffset, produceAll } from '../support/kafka-records.ts'
import { scratchDir } from '../support/worker-process.ts'

/** A producer that is new since the last start writes one record to it. */
const NEWCOMERS = 'newcomers'

/** In the suite a few; `STANDPIPE_CRASH_KILLS=50` is the whole thing. */
const kills = Number(process.env['STANDPIPE_CRASH_KILLS'] ?? 6)

it(
  `a broker killed ${kills} times at random moments with sync=always keeps every promise`,
  { timeout: 600_000 + kills * 10_000 },
  async () => {
    const broker = await BrokerProcess.start('--dir', await scratchDir(), '--sync=always')
    const admin = await createKafkaClients().admin({ 'bootstrap.servers': broker.address }, silentLogger)
    const topics = [PLAIN, TRANSACTIONAL].map((name) => ({ name, partitions: PARTITIONS, replicationFactor: 1 }))
    await admin.createTopics([...topics, { name: NEWCOMERS, partitions: 1, replicationFactor: 1 }])
    const idempotent = new IdempotentLoad(broker.address)
    const transactional = new TransactionalLoad(broker.address)
    const committing = new CommittingLoad(broker.address)
    const reader = new CommittedReader(broker.address)

    for (let killed = 0; killed < kills; killed++) {
      await delay(200 + Math.random() * 1300)
      await broker.kill()
      if (killed % 5 === 4) {
        // some die while they start
        broker.spawn()
        await delay(Math.random() * 600)
        await broker.kill()
      }
      await broker.start()
      await produceAll(broker.address, NEWCOMERS, [{ value: 'first' }])
      await committing.check(admin, transactional.group, transactional.lastCommittedOffset)
    }
    await Promise.all([idempotent.stop(), transactional.stop(), committing.stop()])

    const plain = await readTopic(broker.address, PLAIN, 'read_uncommitted')
    const acknowledged = idempotent.acknowledged.map((numbers) => numbers.map(String))
    const committed = await readTopic(broker.address, TRANSACTIONAL, 'read_committed')
    await expect.poll(() => reader.shown.map(({ length }) => length), { timeout: 60_000 }).toEqual(committed.map(({ length }) => length))
    await reader.stop()
    const outcomes = transactional.outcomes.map((outcome, number) => ({ outcome, value: String(number) }))
    const of = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).map(({ value }) => value)
    const unknown = of('unknown').filter((value) => committed[0]?.includes(value))
    console.log(
      `${kills} kills: ${idempotent.sent} records sent, ${acknowledged.flat().length} acknowledged, ${plain.flat().length} in the log, ` +
        `${idempotent.failures.length} failed; ${of('committed').length} transactions committed, ${of('aborted').length} aborted, ` +
        `${of('unknown').length} of unknown end, of which ${unknown.length} committed; ${committing.committed} offsets committed, ` +
        `${committing.regressions.length} went back`,
    )

    expect(idempotent.failures).toEqual([])
    // sent in order, once, and all of them
    expect(plain).toEqual(acknowledged)
    expect(plain.flat()).toHaveLength(idempotent.sent)
    expect(await endOffset(broker.address, NEWCOMERS, 0)).toBe(kills)
    expect(committing.regressions).toEqual([])
    await committing.check(admin, transactional.group, transactional.lastCommittedOffset)
    for (const values of [...committed, ...reader.shown]) {
      expect(values).toEqual([...of('committed'), ...unknown].sort((a, b) => Number(a) - Number(b)))
    }
    await admin.close()
    expect(await broker.stop()).toBe(143)
  },
)
