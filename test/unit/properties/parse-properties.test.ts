import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProperties } from '../../../src/properties/parse-properties.ts'

describe('parseProperties', () => {
  it('knows the line of every key, of the last one when it is repeated', () => {
    const { lines } = parseProperties('# c\na=1\r\n\r\nlist=x,\\\n  y\n b = 2\na=3\n', 'a.properties')
    expect(Object.fromEntries(lines)).toEqual({ a: 7, list: 4, b: 6 })
  })

  it('says where a malformed \\u is, shows the place and how to write a Windows path', () => {
    const text = 'name=a\nfile=C:\\users\\unit\n'
    expect(() => parseProperties(text, 'connect.properties')).toThrow(
      [
        'Malformed \\uxxxx encoding. connect.properties, line 2, column 8: \\u must be followed by four hexadecimal digits, as in \\u00e9',
        '  file=C:\\users\\unit',
        '         ^',
        'Write \\\\ for a backslash, and \\\\ or / in a Windows path.',
      ].join('\n'),
    )
  })

  it('finds the place across joined lines', () => {
    expect(() => parseProperties('k=a,\\\n   b\\u12', 'x')).toThrow('x, line 2, column 5')
  })

  it('does not show the value of a key that sounds secret', () => {
    let message = ''
    try {
      parseProperties('connection.password=hush\\u1', 'x')
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('x, line 1, column 25')
    expect(message).not.toContain('hush')
  })

  it('reads back what is written with escapes, whatever it is', () => {
    const escaped = (text: string) =>
      [...text]
        .map((char) =>
          char
            .split('')
            .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
            .join(''),
        )
        .join('')
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (props) => {
        const text = Object.entries(props)
          .map(([key, value]) => `${escaped(key)}=${escaped(value)}\n`)
          .join('')
        expect({ ...parseProperties(text, 'x').props }).toEqual({ ...props })
      }),
    )
  })
})
