import fc from 'fast-check'
import { ConnectException } from 'standpipe/api'
import { describe, expect, it } from 'vitest'
import { indexName } from '../../../../../connectors/elasticsearch/naming/resource-name.ts'
import { operationFactory } from '../../../../support/elasticsearch-records.ts'

const dataStream = { 'data.stream.type': 'logs', 'data.stream.dataset': 'ds' }

function targetName(props: Readonly<Record<string, string>>, topic: string): string {
  return operationFactory(props).routeOf(topic).target.name
}

describe('names of indices', () => {
  it.each([
    ['UPPER', 'upper'],
    ['0'.repeat(256), '0'.repeat(255)],
    ['-dash', 'dash'],
    ['_u', 'u'],
    ['__x', '_x'],
    ['.', 'dot'],
    ['..', 'dotdot'],
    ['-.', 'dot'],
    ['.hidden', '.hidden'],
    ['a,b', 'a,b'],
    ['Ä', 'ä'],
  ])('#30 of topic %s is %s', (topic, index) => {
    expect(targetName({}, topic)).toBe(index)
  })

  it('#77 follow topics that a transformation makes of the time', () => {
    expect(targetName({}, 'T-20240102')).toBe('t-20240102')
  })

  it('are in lower case, of 255 characters at most, and never a dot or two, whatever the topic', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (topic) => {
        const name = indexName(topic)
        expect(name).toBe(name.toLowerCase())
        expect(name.length).toBeLessThanOrEqual(255)
        expect(['.', '..']).not.toContain(name)
      }),
    )
  })

  it('are not empty: such a topic stops the task', () => {
    expect(() => targetName({}, '_')).toThrow(ConnectException)
  })
})

describe('names of data streams', () => {
  it('#25 hold the topic in lower case where the namespace says so', () => {
    expect(targetName({ ...dataStream, 'data.stream.namespace': 'pre_${topic}' }, 'T')).toBe('logs-ds-pre_t')
    expect(targetName({ ...dataStream, 'data.stream.namespace': 'fixed' }, 'T')).toBe('logs-ds-fixed')
  })

  it('#26 may be of any type', () => {
    expect(targetName({ ...dataStream, 'data.stream.type': 'TRACES' }, 't')).toBe('traces-ds-t')
  })

  it('keep dashes and cut the namespace at 100 characters', () => {
    expect(targetName(dataStream, '-Dash')).toBe('logs-ds--dash')
    expect(targetName(dataStream, 'x'.repeat(101))).toBe(`logs-ds-${'x'.repeat(100)}`)
  })

  it('take a topic with a dollar sign as it is', () => {
    expect(targetName(dataStream, 'a$&b')).toBe('logs-ds-a$&b')
  })
})

describe('existing resources', () => {
  it('#35 stop the task at a topic that has none', () => {
    const props = { 'external.resource.usage': 'index', 'topic.to.external.resource.mapping': 't:a' }
    expect(() => targetName(props, 'u')).toThrow(/^Topic 'u' is not mapped to any resource\. All topics must be mapped when using/)
  })
})
