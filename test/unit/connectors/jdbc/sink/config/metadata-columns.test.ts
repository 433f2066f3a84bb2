import { describe, expect, it } from 'vitest'
import { metadataColumns } from '../../../../../../connectors/jdbc/sink/config/metadata-columns.ts'

const read = (...items: string[]) => metadataColumns(items, 'metadata.columns')

describe('metadata.columns', () => {
  it('names sources, and columns where they are wanted otherwise', () => {
    expect(read('topic', 'offset : o', 'header.X-Trace', 'header.a:b:c', '')).toEqual([
      { source: { from: 'topic' }, column: '__connect_topic' },
      { source: { from: 'offset' }, column: 'o' },
      { source: { from: 'header text', name: 'X-Trace' }, column: '__connect_X-Trace' },
      { source: { from: 'header text', name: 'a' }, column: 'b:c' },
    ])
  })

  it.for([
    [['value'], 'value is none of topic, partition, offset, timestamp, key, headers, header.NAME'],
    [['header.'], 'header. is none of'],
    [['topic:'], 'The item topic: names no column'],
    [['topic:a', 'offset:a'], 'Two of the items go to the column a'],
  ] as const)('%j is refused', ([items, message]) => {
    expect(() => read(...items)).toThrow(message)
  })
})
