import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import { expect, test } from 'vitest'
import { scheduleOnlyWhenPending } from '../../../../src/kafka/kafkajs/overrides.ts'

/** The members that the override does not show. */
interface Inside {
  throttleCheckTimeoutId: unknown
  pending: unknown[]
  throttledUntil: number
}

function newQueue(): RequestQueue & Inside {
  const logger = { debug: () => undefined }
  const options = { maxInFlightRequests: null, requestTimeout: 1000, enforceRequestTimeout: false, clientId: 'c', broker: 'b', logger }
  return Reflect.construct(RequestQueue, [options]) as RequestQueue & Inside
}

test('K33: kafkajs arms a timer with nothing to send, which the override prevents', () => {
  const asShipped = newQueue()
  asShipped.throttledUntil = Date.now() + 1000 // as shipped its delay is negative, which Node warns about
  asShipped.scheduleCheckPendingRequests()
  expect(asShipped.throttleCheckTimeoutId).not.toBeNull()
  asShipped.destroy()

  const queue = newQueue()
  scheduleOnlyWhenPending(queue)
  queue.scheduleCheckPendingRequests()
  expect(queue.throttleCheckTimeoutId).toBeNull()
  queue.pending = [{ correlationId: 1 }]
  queue.scheduleCheckPendingRequests()
  expect(queue.throttleCheckTimeoutId).not.toBeNull()
  queue.destroy()
})
