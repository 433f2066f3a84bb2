import { describe, expect, it } from 'vitest'
import { ConnectException, type SourceOffset, type SourcePartition } from 'standpipe/api'
import { FileStreamSinkConnector, FileStreamSourceConnector } from '../../../../connectors/file/index.ts'

describe('FileStreamSourceConnector', () => {
  const props = { file: '/data/in.txt', topic: 't' }

  it('has one task, whatever tasks.max says', () => {
    const connector = new FileStreamSourceConnector()
    connector.start(props)
    expect(connector.taskConfigs()).toEqual([props])
  })

  it.each([
    [{ file: 'x' }, 'Missing required configuration "topic" which has no default value.'],
    [{ topic: '' }, 'Invalid value  for configuration topic: String must be non-empty'],
    [{ topic: 't', 'batch.size': 'many' }, 'Invalid value many for configuration batch.size: Not a number of type INT'],
  ])('refuses %j', (wrong, message) => {
    expect(() => new FileStreamSourceConnector().start(wrong as Record<string, string>)).toThrow(message)
  })

  const alter = (partition: unknown, offset: unknown, config: Record<string, string> = props) =>
    new FileStreamSourceConnector().alterOffsets(config, new Map([[partition as SourcePartition, offset as SourceOffset | null]]))

  it('accepts offsets at a position, and resets of anything', () => {
    expect(alter({ filename: '/data/in.txt' }, { position: 5 })).toBe(true)
    expect(alter({ filename: '/data/in.txt' }, { position: 5n, more: 'x' })).toBe(true)
    expect(alter({ whatever: 1 }, null)).toBe(true)
  })

  it.each<[unknown, unknown, string]>([
    [{ filename: 'x' }, { position: '5' }, "The value for the 'position' key in the offset is expected to be a Long value"],
    [{ filename: 'x' }, { position: 1.5 }, "The value for the 'position' key in the offset is expected to be a Long value"],
    [{ filename: 'x' }, { position: null }, "The value for the 'position' key in the offset is expected to be a Long value"],
    [{ filename: 'x' }, { position: -1 }, "The value for the 'position' key in the offset should be a non-negative value"],
    [{ filename: 'x' }, { place: 1 }, "Offset objects should either be null or contain the key 'position'"],
    [{ name: 'x' }, { position: 1 }, "Partition objects should contain the key 'filename'"],
    [null, { position: 1 }, 'Partition objects cannot be null'],
  ])('refuses partition %j with offset %j', (partition, offset, message) => {
    expect(() => alter(partition, offset)).toThrow(new ConnectException(message))
  })

  it('refuses offsets of standard input', () => {
    expect(() => alter({ filename: null }, { position: 1 }, { topic: 't' })).toThrow(
      "Offsets cannot be modified if the 'file' configuration is unspecified",
    )
  })
})

describe('FileStreamSinkConnector', () => {
  it('has as many tasks as it may', () => {
    const connector = new FileStreamSinkConnector()
    connector.start({ file: '/data/out.txt' })
    expect(connector.taskConfigs(3)).toEqual(Array(3).fill({ file: '/data/out.txt' }))
  })

  it('accepts any offsets', () => {
    expect(new FileStreamSinkConnector().alterOffsets()).toBe(true)
  })
})
