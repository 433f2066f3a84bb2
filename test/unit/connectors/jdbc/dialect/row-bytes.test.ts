import { describe, expect, it } from 'vitest'
import { CopyRows } from '../../../../../connectors/jdbc/dialect/copy-rows.ts'
import type { SqlText } from '../../../../../connectors/jdbc/dialect/connection.ts'
import { TextColumn } from '../../../../../connectors/jdbc/dialect/text-column.ts'

const long = 'ab\\c\td\ne\rf"{},NULL'.repeat(20)
const texts: readonly SqlText[] = [
  '',
  'a',
  null,
  String.raw`\N`,
  'é\t',
  '\\',
  '\n',
  '\r',
  '𝄞',
  long,
  `${long}é`,
  'x'.repeat(5000),
  null,
  'NULL',
]

/** Elements of a binary array as the server reads them. */
function elements(array: Buffer): SqlText[] {
  const found: SqlText[] = []
  for (let at = 20; at < array.length;) {
    const length = array.readInt32BE(at)
    at += 4
    found.push(length < 0 ? null : array.toString('utf8', at, at + length))
    at += Math.max(0, length)
  }
  return found
}

describe('a column of texts', () => {
  it('is a binary array of texts', () => {
    const column = new TextColumn()
    for (const text of texts) column.push(text)
    const array = column.array()
    expect([0, 4, 8, 12, 16].map((at) => array.readInt32BE(at))).toEqual([1, 0, 25, texts.length, 1])
    expect(elements(array)).toEqual(texts)
    expect(texts.map((_, row) => column.textAt(row))).toEqual(texts)
  })

  it('gives some rows in another order, and takes the last back', () => {
    const column = new TextColumn()
    for (const text of texts) column.push(text)
    column.push('gone')
    column.pop()
    const array = column.arrayOf([9, 2, 0, 13, 1], 1, 4)
    expect(array.readInt32BE(12)).toBe(3)
    expect(elements(array)).toEqual([null, '', 'NULL'])
    column.push('last')
    expect(elements(column.array())).toEqual([...texts, 'last'])
  })
})

describe('rows for COPY', () => {
  it('have tabs between values, escapes and a newline at the end', () => {
    const rows = new CopyRows()
    rows.push(['1', 'a\tb\\c', null], [true, false, false])
    rows.push(['2', '', 'x\r\n'], [true, false, false])
    expect(rows.slice(0, 2).toString()).toBe(String.raw`1	a\tb\\c	\N` + '\n' + String.raw`2		x\r\n` + '\n')
    expect(rows.slice(1, 2).toString()).toBe(String.raw`2		x\r\n` + '\n')
  })

  it('give back the texts that were put in', () => {
    const rows = new CopyRows()
    for (const text of texts) rows.push([text, 'and', text], [false, true, false])
    expect(texts.map((_, row) => rows.textsAt(row))).toEqual(texts.map((text) => [text, 'and', text]))
    rows.pop()
    rows.push(['only', 'and', null], [false, true, false])
    expect(rows.textsAt(texts.length - 1)).toEqual(['only', 'and', null])
    expect(rows.count).toBe(texts.length)
  })
})
