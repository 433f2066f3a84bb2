import { describe, expect, it } from 'vitest'
import { parseString } from '../../../../src/api/data/value-parser.ts'

describe('a text is parsed as Java parses it', () => {
  it.each([
    ['no-break spaces are not blank', '\u00a012', 'STRING', '\u00a012'],
    ['an ideographic space is not blank', 'null\u3000', 'STRING', 'null\u3000'],
    ['control characters are blank', '\u0001300', 'INT16', 300],
    ['control characters are blank around a literal', '\u0001false', 'BOOLEAN', false],
    ['digits of any script are digits', '１２', 'INT8', 12],
    ['digits of scripts may be mixed', '1٣', 'INT8', 13],
  ])('%s', (_, text, type, value) => {
    const parsed = parseString(text)
    expect(parsed.schema?.type).toBe(type)
    expect(parsed.value).toBe(value)
  })

  it('an array of bare words between wide spaces stays a string', () => {
    expect(parseString('[\u00a0,1]').schema?.type).toBe('STRING')
  })

  it('a date may be written in the digits of any script', () => {
    expect(parseString('２０１９-０８-２３').schema?.name).toBe('org.apache.kafka.connect.data.Date')
  })
})
