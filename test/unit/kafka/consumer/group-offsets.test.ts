import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GroupCoordinator } from '../../../../src/kafka/consumer/coordinator.ts'
import { GroupOffsets, standaloneCommitter } from '../../../../src/kafka/consumer/group-offsets.ts'
import { Retry } from '../../../../src/kafka/consumer/retry.ts'
import type { Metadata } from '../../../../src/kafka/metadata.ts'
import { RetryBackoff } from '../../../../src/kafka/retry-backoff.ts'
import type { Transport } from '../../../../src/kafka/transport.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const API_TIMEOUT_MS = 1000

test('commits that queue up behind one that is not answered fail when their own time is over', async () => {
  const { signal } = new AbortController()
  const transport = { send: vi.fn(() => new Promise(() => undefined)) }
  const metadata = { coordinator: () => Promise.resolve(1), forgetCoordinator: () => undefined } as unknown as Metadata
  const coordinator = new GroupCoordinator('g', transport as unknown as Transport, metadata, signal)
  const retry = new Retry({ backoff: new RetryBackoff(10, 50), signal, now: () => Date.now() })
  const offsets = new GroupOffsets({ coordinator, metadata, retry, isolation: 'read_uncommitted', log: new CollectingLogger() })
  const outcomes: string[] = []
  for (const offset of [1, 2, 3]) {
    offsets
      .commit([{ topic: 't', partition: 0, offset }], standaloneCommitter(coordinator), API_TIMEOUT_MS)
      .catch((error: unknown) => outcomes.push(String(error)))
  }
  await vi.advanceTimersByTimeAsync(API_TIMEOUT_MS - 1)
  expect([transport.send.mock.calls.length, outcomes]).toEqual([1, []])
  await vi.advanceTimersByTimeAsync(2)
  const expired = `KafkaError: Timeout of ${API_TIMEOUT_MS}ms expired before successfully committing offsets`
  expect(outcomes).toEqual([expired, expired, expired])
  await offsets.settled()
})
