import type { ItemError, ServerError } from './bulk-answer.ts'
import type { WrittenOperation } from './written-operation.ts'

/**
 * What follows from the server's no to one operation.
 * obsolete: the index has this version or a newer one, all is done; conflict: another writer was first; malformed: this document cannot be written;
 * passing: may work later; missing: the index went away; gone: so did the document to delete; refused: anything else, the task fails.
 */
export type ItemOutcome = 'obsolete' | 'conflict' | 'malformed' | 'passing' | 'missing' | 'gone' | 'refused'

const malformedTypes: ReadonlySet<string> = new Set([
  'strict_dynamic_mapping_exception',
  'mapper_parsing_exception',
  'illegal_argument_exception',
  'action_request_validation_exception',
  'document_parsing_exception',
])

const passingTypes: ReadonlySet<string> = new Set([
  'es_rejected_execution_exception',
  'circuit_breaking_exception',
  'cluster_block_exception',
  'unavailable_shards_exception',
  'process_cluster_event_timeout_exception',
  'master_not_discovered_exception',
  'not_master_exception',
  'no_shard_available_action_exception',
  'primary_shard_not_available_exception',
  'node_not_connected_exception',
  'node_disconnected_exception',
  'node_closed_exception',
  'receive_timeout_transport_exception',
  'index_closed_exception',
  'shard_not_found_exception',
])

/** Decided by status and error type, never by the text of the reason. */
export function outcomeOf(
  { status, error }: ItemError,
  { action, isVersioned }: Pick<WrittenOperation, 'action' | 'isVersioned'>,
): ItemOutcome {
  if (error.type === 'version_conflict_engine_exception') return isVersioned ? 'obsolete' : 'conflict'
  // a deletion with a version has to be known to the index that is made anew, or an older document would be taken there
  if (error.type === 'index_not_found_exception') return action === 'delete' && !isVersioned ? 'gone' : 'missing'
  if (status === 429 || status === 502 || status === 503 || status === 504 || passingTypes.has(error.type)) return 'passing'
  return hasMalformedType(error) ? 'malformed' : 'refused'
}

/** The type itself or one of its causes: newer servers wrap what older ones say plainly. */
function hasMalformedType(error: ServerError): boolean {
  for (let at: ServerError | null = error; at !== null; at = at.causedBy) if (malformedTypes.has(at.type)) return true
  return false
}
