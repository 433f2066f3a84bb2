import type { HostPort } from '../../api/host-port.ts'
import type { ApiEntry } from '../api.ts'
import { ApiError, Errors } from '../protocol/errors.ts'

/** The only node: it coordinates everything. */
export interface CoordinatorNode {
  readonly nodeId: number
  /** Address of a listener as clients are told it. */
  address(listener: string): HostPort
}

const GROUP = 0
const TRANSACTION = 1

/** From this version a request asks for many at once. */
const KEYS_FROM = 4

/** Where a group's, or a transaction's, coordinator is. */
export function findCoordinatorApi(node: CoordinatorNode): ApiEntry<'FindCoordinator'> {
  return {
    versions: [0, 6],
    answer: ({ keyType, coordinatorKeys }, { version, listener }) => {
      const here = {
        errorCode: Errors.NONE,
        errorMessage: version < KEYS_FROM ? 'NONE' : '',
        nodeId: node.nodeId,
        ...node.address(listener),
      }
      const found = keyType === GROUP || keyType === TRANSACTION ? here : NOT_HERE
      return version < KEYS_FROM ? found : { coordinators: coordinatorKeys.map((key) => ({ key, ...found })) }
    },
  }
}

/** Share groups, and whatever comes after them. */
const { error: errorCode, message: errorMessage } = new ApiError(Errors.INVALID_REQUEST)
const NOT_HERE = { errorCode, errorMessage, nodeId: -1, host: '', port: -1 }
