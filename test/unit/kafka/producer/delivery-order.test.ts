import { expect, test } from 'vitest'
import { newProducer, TestRecord } from '../../../support/real-producer.ts'
import { ScriptedCluster } from '../../../support/scripted-broker/scripted-cluster.ts'

/** Writes down when it is told. */
class Told extends TestRecord {
  readonly #order: string[]

  constructor(value: string, order: string[]) {
    super('t', value, { partition: 0 })
    this.#order = order
    void this.outcome.promise.then(() => this.#order.push(`${this.failure === null ? 'delivered' : 'failed'} ${value}`))
  }
}

test('records of a partition are told in their order when a later batch is taken before an earlier one, which is sent again', async () => {
  await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
  cluster.once('Produce', { do: 'error', code: 19 })
  const props = { 'linger.ms': '0', 'enable.idempotence': 'false', 'max.in.flight.requests.per.connection': '5', 'retry.backoff.ms': '100' }
  const { producer } = newProducer(cluster.bootstrapServers, props)
  const order: string[] = []
  const values = ['a', 'b', 'c']
  for (const [index, value] of values.entries()) {
    const record = new Told(value, order)
    await producer.send(record, record)
    await cluster.until(() => cluster.requestsOf('Produce').length > index)
  }
  await producer.flush()
  expect(cluster.records('t', 0).map(({ value }) => value)).toEqual(['b', 'c', 'a'])
  expect(order).toEqual(['delivered a', 'delivered b', 'delivered c'])
})

test('a batch that fails is told after the one ahead of it that is still tried', async () => {
  await using cluster = await ScriptedCluster.start({ topics: { t: 1 } })
  const codes = [19, 87]
  cluster.onRequest('Produce', () => {
    const code = codes.shift()
    return code === undefined ? undefined : { do: 'error', code }
  })
  const props = { 'linger.ms': '0', 'enable.idempotence': 'false', 'max.in.flight.requests.per.connection': '5', 'retry.backoff.ms': '100' }
  const { producer } = newProducer(cluster.bootstrapServers, props)
  const order: string[] = []
  for (const [index, value] of ['a', 'b'].entries()) {
    const record = new Told(value, order)
    await producer.send(record, record)
    await cluster.until(() => cluster.requestsOf('Produce').length > index)
  }
  await producer.flush()
  expect(order).toEqual(['delivered a', 'failed b'])
})
