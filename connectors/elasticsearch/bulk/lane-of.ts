import type { BulkOperation } from '../bulk-operation.ts'

/** The lane of an operation's document: always the same for an index and id. FNV-1a. */
export function laneOf({ index, id }: BulkOperation, lanes: number): number {
  let hash = hashed(index, 0x811c9dc5)
  if (id !== null) hash = hashed(id, hash)
  return (hash >>> 0) % lanes
}

function hashed(text: string, seed: number): number {
  let hash = seed
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}
