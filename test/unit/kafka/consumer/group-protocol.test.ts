import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../src/kafka/consumer/group-protocol.ts'
import { KafkaError } from '../../../../src/kafka/errors.ts'

describe('group protocol', () => {
  it('writes a subscription as version 0 with null user data', () => {
    expect(encodeSubscription(['ab', 'c']).toString('hex')).toBe('0000' + '00000002' + '00026162' + '000163' + 'ffffffff')
  })

  it('reads the subscription of a Java member: version 3 with owned partitions, generation and rack behind the user data', () => {
    const java = Buffer.from('0003' + '00000001' + '000174' + 'ffffffff' + '00000000' + 'ffffffff' + 'ffff', 'hex')
    expect(decodeSubscription(java)).toEqual(['t'])
  })

  it('writes an assignment with the partitions below their topic', () => {
    const bytes = encodeAssignment([
      { topic: 't', partition: 0 },
      { topic: 'u', partition: 5 },
      { topic: 't', partition: 2 },
    ])
    expect(bytes.toString('hex')).toBe(
      '0000' + '00000002' + '000174' + '00000002' + '00000000' + '00000002' + '000175' + '00000001' + '00000005' + 'ffffffff',
    )
  })

  it('reads an empty assignment as no partitions', () => {
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
    expect(decodeAssignment(encodeAssignment([]))).toEqual([])
  })

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (topics) => {
        expect(decodeSubscription(encodeSubscription(topics))).toEqual(topics.map((topic) => Buffer.from(topic).toString()))
      }),
    )
  })

  it('K45: any bytes are read or refused with a KafkaError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        try {
          decodeAssignment(Buffer.from(bytes))
          decodeSubscription(Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(KafkaError)
        }
      }),
    )
  })
})
