/** Where a statement takes its rows from: what stands in its FROM, under the name `x`, with a text a column. */
export interface RowSource {
  readonly from: string
  /** The same with the number of the row as `x.n`. */
  readonly fromNumbered: string
  /** What a column is called. */
  readonly alias: (column: number) => string
}

/** Any number of rows: an array parameter a column. */
export function arraySource(columnCount: number): RowSource {
  const numbers = Array.from({ length: columnCount }, (_, index) => index + 1)
  const unnest = `unnest(${numbers.map((number) => `$${number}::text[]`).join(',')})`
  const names = numbers.map((number) => `c${number}`).join(',')
  return { alias, from: `${unnest} AS x(${names})`, fromNumbered: `${unnest} WITH ORDINALITY AS x(${names},n)` }
}

/** So many rows: a parameter a value, row by row. */
export function parameterSource(columnCount: number, rowCount: number): RowSource {
  const names = Array.from({ length: columnCount }, (_, index) => `c${index + 1}`).join(',')
  const rows = Array.from({ length: rowCount }, (_, row) =>
    Array.from({ length: columnCount }, (_, column) => `$${row * columnCount + column + 1}${row === 0 ? '::text' : ''}`).join(','),
  )
  return {
    alias,
    from: `(VALUES ${rows.map((row) => `(${row})`).join(',')}) AS x(${names})`,
    fromNumbered: `(VALUES ${rows.map((row, index) => `(${row},${index})`).join(',')}) AS x(${names},n)`,
  }
}

function alias(column: number): string {
  return `x.c${column + 1}`
}
