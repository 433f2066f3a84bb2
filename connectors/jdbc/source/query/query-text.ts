/** Where a piece of SQL ends and what it is: marks and words count in code only. */
interface Piece {
  readonly text: string
  readonly isCode: boolean
}

/** Literals (with backslashes after an E), quoted names, dollar quotes, and comments; what is not closed goes to the end. */
const piece =
  /(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|(?<![\w$])\$(\w*)\$[^]*?(?:\$\1\$|$(?![^]))|--[^\n]*|\/\*/gs

/** Takes SQL apart. */
function pieces(sql: string): Piece[] {
  const found: Piece[] = []
  const pattern = new RegExp(piece)
  let at = 0
  for (let match = pattern.exec(sql); match !== null; match = pattern.exec(sql)) {
    if (match.index > at) found.push({ text: sql.slice(at, match.index), isCode: true })
    const end = match[0] === '/*' ? endOfComment(sql, match.index) : match.index + match[0].length
    found.push({ text: sql.slice(match.index, end), isCode: false })
    pattern.lastIndex = at = Math.max(end, match.index + 1)
  }
  if (at < sql.length) found.push({ text: sql.slice(at), isCode: true })
  return found
}

/** Comments of this kind nest in PostgreSQL. */
function endOfComment(sql: string, start: number): number {
  const border = /\/\*|\*\//g
  border.lastIndex = start
  let depth = 0
  for (let match = border.exec(sql); match !== null; match = border.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return border.lastIndex
  }
  return sql.length
}

/** SQL with JDBC's marks as PostgreSQL has them: `?` outside of literals, names and comments is the next `$n`, `??` is `?`. */
export function withNumberedMarks(sql: string): { readonly text: string; readonly marks: number } {
  return withMarks(sql, (place) => `$${place + 1}`)
}

/** The same with a text of one's own for each mark. @param textOf called in order, from 0 */
export function withMarks(sql: string, textOf: (place: number) => string): { readonly text: string; readonly marks: number } {
  let marks = 0
  const numbered = (code: string) => code.replaceAll(/\?\??/g, (mark) => (mark === '??' ? '?' : textOf(marks++)))
  const text = pieces(sql)
    .map(({ text, isCode }) => (isCode ? numbered(text) : text))
    .join('')
  return { text, marks }
}

/** Whether a query is one that reads. */
export function startsWithSelect(query: string): boolean {
  return /^\s*(?:select|with|values|table)\b/i.test(codeOf(query).replaceAll('(', ' '))
}

/** Whether text put behind the query would be part of a comment: the way to place marks of one's own. */
export function endsInComment(query: string): boolean {
  return pieces(query).at(-1)?.text.startsWith('--') === true
}

/** Whether a WHERE cannot simply be put behind the query. */
export function hasClausesOfItsOwn(query: string): boolean {
  const code = withoutParentheses(codeOf(query))
  return (
    /^\s*(?:with|values|table)\b/i.test(code) ||
    /\b(?:where|group|having|window|order|limit|offset|fetch|union|intersect|except|for)\b/i.test(code)
  )
}

/** The query without the semicolon at its end. */
export function withoutSemicolon(query: string): string {
  return query.replace(/;\s*$/, '')
}

/** Everything else is a blank. */
function codeOf(sql: string): string {
  return pieces(sql)
    .map(({ text, isCode }) => (isCode ? text : ' '))
    .join('')
}

function withoutParentheses(code: string): string {
  let depth = 0
  let outside = ''
  for (const char of code) {
    if (char === '(') depth++
    if (depth === 0) outside += char
    if (char === ')') depth--
  }
  return outside
}
