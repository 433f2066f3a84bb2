import { describe, expect, it } from 'vitest'
import {
  endsInComment,
  hasClausesOfItsOwn,
  startsWithSelect,
  withNumberedMarks,
  withoutSemicolon,
} from '../../../../../../connectors/jdbc/source/query/query-text.ts'

describe('text of queries', () => {
  it.for([
    ['SELECT 1', 'SELECT 1', 0],
    ['a > ? AND b < ?', 'a > $1 AND b < $2', 2],
    [`x = 'a?b' AND y > ?`, `x = 'a?b' AND y > $1`, 1],
    [`x = E'a\\'?' AND y > ?`, `x = E'a\\'?' AND y > $1`, 1],
    [`data ?? 'k' AND y > ?`, `data ? 'k' AND y > $1`, 1],
    ['SELECT /* ? /* ? */ ? */ a > ?', 'SELECT /* ? /* ? */ ? */ a > $1', 1],
    ['a > ? -- ?', 'a > $1 -- ?', 1],
    ['a > ? -- ?\nAND b > ?', 'a > $1 -- ?\nAND b > $2', 2],
    ['"co?l" > ?', '"co?l" > $1', 1],
    ['x = $tag$ ? $tag$ AND y > ?', 'x = $tag$ ? $tag$ AND y > $1', 1],
    [`x = 'it''s ?' AND y > ?`, `x = 'it''s ?' AND y > $1`, 1],
  ] as const)('T39: marks of %s are numbered in code alone', ([sql, text, marks]) => {
    expect(withNumberedMarks(sql)).toEqual({ text, marks })
  })

  it.for(['SELECT 1', ' select 1', 'WITH x AS (SELECT 1) SELECT * FROM x', 'VALUES (1)', 'TABLE t', '(SELECT 1)', '/* a */ SELECT 1'])(
    'T41: %s is a query that reads',
    (query) => expect(startsWithSelect(query)).toBe(true),
  )

  it.for(["UPDATE t SET name = 'x'", 'DELETE FROM t', '', 'selection', '-- SELECT'])('T41: %s is not', (query) => {
    expect(startsWithSelect(query)).toBe(false)
  })

  it.for([
    ['SELECT id FROM t', false],
    ['SELECT id FROM t WHERE id > 0', true],
    ['SELECT * FROM (SELECT id FROM t WHERE id > 0 ORDER BY id) o', false],
    ['SELECT id FROM t GROUP BY id', true],
    ['SELECT id FROM a UNION SELECT id FROM b', true],
    ['WITH x AS (SELECT 1 AS id) SELECT * FROM x', true],
    [`SELECT 'where' AS "order" FROM t`, false],
    ['SELECT id FROM t LIMIT 5', true],
    ['SELECT whereabouts FROM t', false],
  ] as const)('T37: %s has clauses of its own: %s', ([query, has]) => expect(hasClausesOfItsOwn(query)).toBe(has))

  it('T38: a query that ends in a comment hides what is put behind it', () => {
    expect(endsInComment('SELECT * FROM (SELECT id FROM t WHERE id > ?) x --')).toBe(true)
    expect(endsInComment('SELECT * FROM t -- all\n')).toBe(false)
    expect(endsInComment("SELECT '--'")).toBe(false)
  })

  it('loses one semicolon at its end', () => {
    expect(withoutSemicolon('SELECT 1; ')).toBe('SELECT 1')
  })
})
