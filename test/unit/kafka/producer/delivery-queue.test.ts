import { expect, test } from 'vitest'
import { kafkaError } from '../../../../src/kafka/errors.ts'
import type { Delivery } from '../../../../src/kafka/ports.ts'
import { DeliveryQueue } from '../../../../src/kafka/producer/delivery-queue.ts'
import { StickyPartitioner } from '../../../../src/kafka/producer/partitioner.ts'
import { ProducerBatch } from '../../../../src/kafka/producer/producer-batch.ts'
import { TopicQueues } from '../../../../src/kafka/producer/topic-queues.ts'
import { BatchWriter } from '../../../../src/kafka/record/batch-writer.ts'
import { BufferPool } from '../../../../src/kafka/record/buffer-pool.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

const queue = new TopicQueues('t', new StickyPartitioner(1, false), 0).queue(3)

function batchOf(count: number, delivery: Delivery): ProducerBatch {
  const batch = new ProducerBatch(queue, 0, new BatchWriter(new BufferPool(0)), 0)
  for (let index = 0; index < count; index++) batch.append(index, null, null, [], delivery)
  return batch
}

function newQueue(): { deliveries: DeliveryQueue; told: number[]; log: CollectingLogger } {
  const told: number[] = []
  const log = new CollectingLogger()
  return { deliveries: new DeliveryQueue(log, (batch) => told.push(batch.recordCount)), told, log }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('records are told partition, offset and timestamp in order, then the batch is done', () => {
  const { deliveries, told } = newQueue()
  const seen: number[][] = []
  const batch = batchOf(3, { delivered: (...what) => void seen.push(what), failed: () => undefined })

  deliveries.add(batch, { error: null, baseOffset: 10, logAppendTime: -1 })
  expect(seen).toEqual([])
  deliveries.tell()

  expect(seen).toEqual([
    [3, 10, 0],
    [3, 11, 1],
    [3, 12, 2],
  ])
  expect(told).toEqual([3])
})

test('the time of the broker counts when it gave one', () => {
  const { deliveries } = newQueue()
  const seen: number[][] = []
  deliveries.add(batchOf(2, { delivered: (...what) => void seen.push(what), failed: () => undefined }), {
    error: null,
    baseOffset: 0,
    logAppendTime: 99,
  })
  deliveries.tell()
  expect(seen).toEqual([
    [3, 0, 99],
    [3, 1, 99],
  ])
})

test('after many records the rest waits for the next turn of the event loop, in order', async () => {
  const { deliveries, told } = newQueue()
  let count = 0
  const delivery = { delivered: () => void count++, failed: () => undefined }
  for (const size of [15_000, 15_000, 15_000, 1]) deliveries.add(batchOf(size, delivery), { error: null, baseOffset: 0, logAppendTime: -1 })

  deliveries.tell()
  expect(count).toBe(30_000)
  // somebody else's answer does not overtake
  deliveries.tell()
  expect(count).toBe(30_000)
  await nextTurn()

  expect(told).toEqual([15_000, 15_000, 15_000, 1])
})

test('an exception of a delivery is logged, and the others are told', () => {
  const { deliveries, told, log } = newQueue()
  let count = 0
  const thrown = new Error('thrown by a callback')
  const delivery = {
    delivered: () => {
      if (count++ === 1) throw thrown
    },
    failed: () => undefined,
  }
  deliveries.add(batchOf(4, delivery), { error: null, baseOffset: 0, logAppendTime: -1 })
  deliveries.tell()

  expect(count).toBe(4)
  expect(told).toEqual([4])
  expect(log.errors).toEqual([thrown])
})

test('a batch can fail with an error for each record', () => {
  const { deliveries } = newQueue()
  const seen: string[] = []
  const errors = [87, 10].map((code) => kafkaError(code))
  const delivery = { delivered: () => undefined, failed: (error: Error) => void seen.push((error as { code?: string }).code ?? '') }
  deliveries.add(batchOf(2, delivery), { error: (index) => errors[index]! })
  deliveries.tell()
  expect(seen).toEqual(['INVALID_RECORD', 'MESSAGE_TOO_LARGE'])
})
