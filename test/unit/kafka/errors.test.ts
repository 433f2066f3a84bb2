import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../../../src/kafka/error-codes.ts'
import {
  asKafkaError,
  commitFailed,
  corruptRecord,
  disconnectException,
  groupNotAuthorized,
  kafkaError,
  KafkaError,
  noOffsetForPartition,
  offsetOutOfRange,
  recordTooLarge,
  WakeupException,
} from '../../../src/kafka/errors.ts'

/** kafka-client.md §9. */
const REFRESH_METADATA = [3, 5, 6, 9, 13, 41, 56, 72, 74, 80, 83, 84, 100, 103]
const REFRESH_COORDINATOR = [15, 16]
const WAIT = [2, 7, 14, 19, 20, 51, 70, 71, 75, 78, 88, 89, 106]
const AUTH = [29, 30, 31, 33, 34, 53, 54, 58]
const FENCED = [47, 82, 90]

describe('K40: an error code is turned into facts', () => {
  test.each([...ERROR_CODES.keys()])('%i', (number) => {
    const error = kafkaError(number)
    const isRetriable = [...REFRESH_METADATA, ...REFRESH_COORDINATOR, ...WAIT].includes(number)
    expect(error.retriable).toBe(isRetriable)
    expect(error.refresh).toBe(
      REFRESH_METADATA.includes(number) ? 'metadata' : REFRESH_COORDINATOR.includes(number) ? 'coordinator' : 'none',
    )
    expect(error.auth).toBe(AUTH.includes(number))
    expect(error.fenced).toBe(FENCED.includes(number))
    expect(error.number).toBe(number)
    expect(error.code).toBe(ERROR_CODES.get(number)!.code)
    expect(error.javaName).toMatch(/^org\.apache\.kafka\.common\./)
    expect(error.message).toBe(ERROR_CODES.get(number)!.text)
  })

  test('a code nobody knows is fatal and named by its number', () => {
    const error = kafkaError(4711)
    expect(error.retriable).toBe(false)
    expect(error.message).toContain('4711')
    expect(error.code).toContain('4711')
  })

  test('what aborts a transaction can be told from what ends it', () => {
    expect([22, 25, 29, 30, 82, 120].map((number) => kafkaError(number).abortable)).toEqual([true, true, true, true, true, true])
    expect([48, 53, 90].map((number) => kafkaError(number).abortable)).toEqual([false, false, false])
  })

  test('topic and partition are kept and said', () => {
    const error = kafkaError(6, { topic: 't', partition: 3 })
    expect([error.topic, error.partition]).toEqual(['t', 3])
    expect(error.message).toContain('t-3')
    expect(kafkaError(29, { topic: 't' }).message).toBe('Not authorized to access topics: [t]')
    expect(groupNotAuthorized('g').message).toBe('Not authorized to access group: g')
  })

  test('a broker’s own message is preferred, unless it is empty', () => {
    expect(kafkaError(40, { message: 'Invalid value foo' }).message).toBe('Invalid value foo')
    expect(kafkaError(40, { message: '' }).message).toBe('Configuration is invalid.')
  })

  test('a corrupt batch that was fetched is not fetched again', () => {
    expect(kafkaError(2).retriable).toBe(true)
    expect(corruptRecord('Record is corrupt').retriable).toBe(false)
  })
})

describe('errors without a code of the protocol', () => {
  test('have Java’s names and sentences', () => {
    const at = { topic: 't', partition: 1 }
    expect(new WakeupException().javaName).toBe('org.apache.kafka.common.errors.WakeupException')
    expect(commitFailed().javaName).toBe('org.apache.kafka.clients.consumer.CommitFailedException')
    expect(offsetOutOfRange(at, 5).message).toBe('Fetch position 5 is out of range for partition t-1')
    expect(noOffsetForPartition([at, { topic: 'u', partition: 0 }]).message).toBe(
      'Undefined offset with no reset policy for partitions: [t-1, u-0]',
    )
    expect(recordTooLarge(2000, { key: 'max.request.size', value: 1000 }).message).toBe(
      'The message is 2000 bytes when serialized which is larger than 1000, which is the value of the max.request.size configuration.',
    )
    expect(disconnectException('gone').retriable).toBe(true)
  })

  test('a bug is fatal and keeps its cause', () => {
    const bug = new TypeError('x is not a function')
    const error = asKafkaError(bug)
    expect(error).toBeInstanceOf(KafkaError)
    expect(error.retriable).toBe(false)
    expect(error.cause).toBe(bug)
    expect(asKafkaError(error)).toBe(error)
  })
})
