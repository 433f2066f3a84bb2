import { describe, expect, it } from 'vitest'
import {
  adminProps,
  clientIds,
  consumerProps,
  offsetProducerProps,
  producerProps,
  workerAdminProps,
} from '../../../src/runtime/client-props.ts'

const worker = {
  'bootstrap.servers': 'a:1',
  'key.converter': 'J',
  'security.protocol': 'SSL',
  'producer.acks': '1',
  'producer.linger.ms': '9',
  'consumer.max.poll.records': '7',
  'admin.request.timeout.ms': '8',
}

describe('client configurations', () => {
  it('of producers: presets, then the worker’s producer.*, then the connector’s producer.override.*', () => {
    const props = producerProps({ worker, connector: { 'producer.override.linger.ms': '3' } }, clientIds.producer('c', 0))
    expect(props).toEqual({
      'bootstrap.servers': 'a:1',
      'key.serializer': 'org.apache.kafka.common.serialization.ByteArraySerializer',
      'value.serializer': 'org.apache.kafka.common.serialization.ByteArraySerializer',
      'max.block.ms': '9223372036854775807',
      'enable.idempotence': 'false',
      acks: '1',
      'max.in.flight.requests.per.connection': '1',
      'delivery.timeout.ms': '2147483647',
      'client.id': 'connector-producer-c-0',
      'linger.ms': '3',
    })
  })

  it('of consumers: group of the connector, from the beginning, no commits of their own', () => {
    const props = consumerProps({ worker, connector: { 'consumer.override.group.id': 'mine' } }, 'c', clientIds.consumer('c', 1))
    expect(props).toMatchObject({
      'group.id': 'mine',
      'client.id': 'connector-consumer-c-1',
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': 'false',
      'max.poll.records': '7',
    })
    expect(props).not.toHaveProperty('security.protocol')
  })

  it('of admin clients: also the worker’s keys without prefix, as far as an admin client has them', () => {
    const props = adminProps({ worker, connector: { 'admin.override.retries': '2' } }, clientIds.admin('c', 0))
    expect(props).toEqual({
      'bootstrap.servers': 'a:1',
      'client.id': 'connector-adminclient-c-0',
      'security.protocol': 'SSL',
      'request.timeout.ms': '8',
      retries: '2',
    })
  })

  it('of the worker itself: its keys without prefix', () => {
    expect(workerAdminProps(worker)).toEqual({ 'bootstrap.servers': 'a:1', 'security.protocol': 'SSL' })
    expect(offsetProducerProps({ ...worker, acks: 'all' }, 'o')).toMatchObject({
      acks: 'all',
      'security.protocol': 'SSL',
      'client.id': 'o',
    })
  })
})
