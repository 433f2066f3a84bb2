import type { BatchPart } from './batch-part.ts'
import type { WrittenOperation } from './written-operation.ts'

/**
 * Operations that were done although an earlier one on their document was not: they have to be done again behind it, or the older
 * one would have the last word. A version of ours sees to that by itself, and what was created stays as it is.
 * @param again indexes in the part of what is sent again, ascending @param refused of what will not be, whatever comes before it
 * @returns indexes, ascending
 */
export function overtaking(part: BatchPart, again: ReadonlySet<number>, refused: ReadonlySet<number>): number[] {
  const documents = new Set<string>()
  const found: number[] = []
  const [first = part.count] = again
  for (let index = first; index < part.count; index++) {
    const operation = part.operation(index)
    if (!isOrderedByUs(operation)) continue
    const document = `${operation.index}/${operation.id}`
    if (again.has(index)) documents.add(document)
    else if (documents.has(document) && !refused.has(index)) found.push(index)
  }
  return found
}

function isOrderedByUs({ action, id, isVersioned }: WrittenOperation): boolean {
  return id !== null && !isVersioned && action !== 'create'
}
