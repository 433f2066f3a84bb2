import { describe, expect, it } from 'vitest'
import { outcomeOf, type ItemOutcome } from '../../../../../connectors/elasticsearch/bulk/item-outcome.ts'

const outcome = (status: number, type: string, cause?: string): ItemOutcome => {
  const causedBy = cause === undefined ? null : { type: cause, reason: '', causedBy: null }
  return outcomeOf(
    { index: 0, status, error: { type, reason: 'illegal_argument_exception', causedBy } },
    { action: 'index', isVersioned: false },
  )
}

describe('what follows from a refused operation', () => {
  it.for([
    'strict_dynamic_mapping_exception',
    'mapper_parsing_exception',
    'illegal_argument_exception',
    'action_request_validation_exception',
    'document_parsing_exception',
  ])('%s: the document is malformed', (type) => expect(outcome(400, type)).toBe('malformed'))

  it('a cause that is of those kinds: malformed too', () => {
    expect(outcome(400, 'exception', 'illegal_argument_exception')).toBe('malformed')
  })

  it('text decides nothing', () => {
    expect(outcome(400, 'exception')).toBe('refused')
  })

  it.for([
    [429, 'es_rejected_execution_exception'],
    [429, 'circuit_breaking_exception'],
    [403, 'cluster_block_exception'],
    [503, 'unavailable_shards_exception'],
    [503, 'anything'],
    [500, 'node_not_connected_exception'],
  ] as const)('%i %s: may work later', ([status, type]) => {
    expect(outcome(status, type)).toBe('passing')
  })

  it.for([
    [403, 'security_exception'],
    [404, 'document_missing_exception'],
    [400, 'mapper_exception'],
    [500, 'null_pointer_exception'],
  ] as const)('%i %s: refused', ([status, type]) => {
    expect(outcome(status, type)).toBe('refused')
  })
})
