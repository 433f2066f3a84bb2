import type { ApiEntry } from '../api.ts'
import { Errors } from '../protocol/errors.ts'

/** The only node: it coordinates everything. */
export interface CoordinatorNode {
  readonly nodeId: number
  /** Address of a listener as clients are told it. */
  address(listener: string): { readonly host: string; readonly port: number }
}

const GROUP = 0
const TRANSACTION = 1

/** Where a group's, or a transaction's, coordinator is. */
export function findCoordinatorApi(node: CoordinatorNode): ApiEntry<'FindCoordinator'> {
  return {
    versions: [0, 6],
    answer: ({ keyType, coordinatorKeys }, { version, listener }) => {
      const found =
        keyType === GROUP || keyType === TRANSACTION
          ? { errorCode: Errors.NONE, errorMessage: 'NONE', nodeId: node.nodeId, ...node.address(listener) }
          : { errorCode: Errors.INVALID_REQUEST, errorMessage: `Unknown coordinator type ${keyType}`, nodeId: -1, host: '', port: -1 }
      if (version < 4) return found
      return { coordinators: coordinatorKeys.map((key) => ({ key, ...found })) }
    },
  }
}
