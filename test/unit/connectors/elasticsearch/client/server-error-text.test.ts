import { describe, expect, it } from 'vitest'
import { nestedErrorText, safeErrorText } from '../../../../../connectors/elasticsearch/client/server-error-text.ts'

const error = (type: string, reason: string, ...causes: readonly (readonly [string, string])[]): Parameters<typeof safeErrorText>[0] => {
  const [cause, ...more] = causes
  return { type, reason, causedBy: cause === undefined ? null : error(cause[0], cause[1], ...more) }
}

describe('an error of the server', () => {
  it('is told as Java tells it, with all its causes', () => {
    expect(nestedErrorText(error('a', 'b'))).toBe('ElasticsearchException[Elasticsearch exception [type=a, reason=b]]')
    expect(nestedErrorText(error('a', 'b', ['c', 'd'], ['e', 'f']), 'ElasticsearchStatusException')).toBe(
      'ElasticsearchStatusException[Elasticsearch exception [type=a, reason=b]]; ' +
        'nested: ElasticsearchException[Elasticsearch exception [type=c, reason=d]]; ' +
        'nested: ElasticsearchException[Elasticsearch exception [type=e, reason=f]];',
    )
  })

  it('#92 keeps the field and loses what is quoted of the document, for the log', () => {
    const parse = "failed to parse field [a] of type [long] in document with id 'secret'. Preview of field's value: 'secret\nsecret'"
    expect(safeErrorText(error('mapper_parsing_exception', parse))).toBe(
      'mapper_parsing_exception: failed to parse field [a] of type [long]',
    )
    expect(safeErrorText(error('x', "[1:6] failed to parse: Preview of field's value: 'secret'"))).toBe('x: [1:6] failed to parse:')
    expect(safeErrorText(error('x', 'limit of fields reached'))).toBe('x: limit of fields reached')
  })
})
