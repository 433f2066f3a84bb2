/** Tables in at most so many groups of neighbours; the first groups have one more where it does not come out even. Of no table, one empty group. */
export function splitTables<Table>(tables: readonly Table[], maxGroups: number): readonly (readonly Table[])[] {
  const count = Math.max(1, Math.min(maxGroups, tables.length))
  const size = Math.floor(tables.length / count)
  const larger = tables.length % count
  return Array.from({ length: count }, (_, index) => {
    const start = index * size + Math.min(index, larger)
    return tables.slice(start, start + size + (index < larger ? 1 : 0))
  })
}
