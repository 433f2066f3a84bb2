import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js'

/**
 * kafkajs re-arms a timer after every answer even when nothing waits to be sent: about 900 a second on an idle connection, with
 * negative delays that Node warns about (kafkajs#1704, #1751). On this queue it is armed only while requests wait for the end of a throttle.
 */
export function scheduleOnlyWhenPending(queue: RequestQueue): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }
}
