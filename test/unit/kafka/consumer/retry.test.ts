import { expect, test, vi } from 'vitest'
import { Retry } from '../../../../src/kafka/consumer/retry.ts'
import { kafkaError } from '../../../../src/kafka/errors.ts'
import { RetryBackoff } from '../../../../src/kafka/retry-backoff.ts'
import { monotonic } from '../../../../src/kafka/timer.ts'

test('a time-out in the middle of an attempt names what the attempt before it met', async () => {
  const retry = new Retry({ backoff: new RetryBackoff(1, 1), signal: new AbortController().signal, now: monotonic })
  const attempt = vi.fn<() => Promise<void>>(() => new Promise(() => undefined)).mockRejectedValueOnce(kafkaError(78))
  await expect(retry.run('it was done', 300, attempt)).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: 'Timeout of 300ms expired before it was done',
    cause: { code: 'OFFSET_NOT_AVAILABLE' },
  })
})
