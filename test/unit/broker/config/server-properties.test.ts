import { describe, expect, it } from 'vitest'
import { checkedProps } from '../../../../src/broker/config/server-properties.ts'
import { parseProperties } from '../../../../src/properties/parse-properties.ts'
import { LogLines } from '../../../support/broker/log-lines.ts'

function check(text: string) {
  const log = new LogLines()
  const props = checkedProps({ ...parseProperties(text, 'server.properties'), path: 'server.properties' }, log)
  return { props, lines: log.lines }
}

describe('server.properties', () => {
  it('of a Kafka of production is taken, with a line for what one node does not need', () => {
    const { props, lines } = check(
      [
        'process.roles=broker,controller',
        'node.id=3',
        'controller.quorum.voters=3@localhost:9093',
        'listeners=PLAINTEXT://:9092,CONTROLLER://:9093',
        'controller.listener.names=CONTROLLER',
        'inter.broker.listener.name=PLAINTEXT',
        'num.network.threads=3',
        'zookeeper.connect=localhost:2181',
        'offsets.topic.replication.factor=1',
        'log.dirs=/tmp/x',
      ].join('\n'),
    )
    expect(props).toMatchObject({ 'node.id': '3', 'log.dirs': '/tmp/x' })
    expect(lines).toEqual([
      'info Not needed by the embedded broker, which is one node and its own controller: process.roles, controller.quorum.voters, controller.listener.names, inter.broker.listener.name, zookeeper.connect, offsets.topic.replication.factor',
      'info Accepted, without effect in the embedded broker: num.network.threads',
    ])
  })

  it('has old names for two keys', () => {
    expect(check('broker.id=7\nlog.dir=/a').props).toMatchObject({ 'node.id': '7', 'log.dirs': '/a' })
    expect(check('broker.id=-1\nlog.dir=/a\nlog.dirs=/b').props).toEqual({ 'log.dirs': '/b' })
    expect(() => check('broker.id=7\nnode.id=8')).toThrow('You must set `node.id` to the same value as `broker.id`.')
  })

  it('is warned about where it has a key that nobody knows, once, with its place and what may be meant', () => {
    const { lines } = check('num.partition=2\n# a comment\nmy.key=1\nlistener.name.a.ssl.client.auth=none')
    expect(lines).toEqual([
      'warn Unknown to Kafka and to the embedded broker: num.partition, perhaps num.partitions (server.properties, line 1), my.key (server.properties, line 3)',
    ])
  })

  it('is refused with every problem and its line', () => {
    expect(() => check('num.partitions=0\n\nlog.dir=/a\nlog.segment.bytes=big')).toThrow(
      [
        "The broker's configuration has 2 error(s):",
        '  Invalid value 0 for configuration num.partitions: Value must be at least 1 (server.properties, line 1)',
        '  Invalid value big for configuration log.segment.bytes: Not a number of type INT (server.properties, line 4)',
      ].join('\n'),
    )
  })
})
