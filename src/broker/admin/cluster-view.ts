import type { HostPort } from '../../api/host-port.ts'
import type { RequestContext } from '../api.ts'

/** Bits of the operations that everybody may do where nobody is asked for rights. Apache Kafka 4.3.1, AclEntry#supportedOperations. */
export const AuthorizedOperations = { NOT_ASKED: -(2 ** 31), CLUSTER: 8096, TOPIC: 3576, GROUP: 3400 } as const

/** What the broker says of itself: the cluster is this one node. */
export class ClusterView {
  readonly clusterId: string
  readonly nodeId: number
  /** By listener, filled when the ports are known. */
  readonly #endpoints = new Map<string, HostPort>()

  constructor(clusterId: string, nodeId: number) {
    this.clusterId = clusterId
    this.nodeId = nodeId
  }

  setEndpoint(listener: string, endpoint: HostPort): void {
    this.#endpoints.set(listener, endpoint)
  }

  /** The address of this node for whoever came by a listener. */
  endpoint({ listener }: Pick<RequestContext, 'listener'>): HostPort {
    const endpoint = this.#endpoints.get(listener)
    if (endpoint === undefined) throw new Error(`Listener ${listener} has no advertised address`)
    return endpoint
  }
}
