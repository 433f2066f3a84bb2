import type { RequestContext } from '../api.ts'

/** Bits of the operations that everybody may do where nobody is asked for rights. Apache Kafka 4.3.1, AclEntry#supportedOperations. */
export const AuthorizedOperations = { NOT_ASKED: -(2 ** 31), CLUSTER: 8096, TOPIC: 3576, GROUP: 3400 } as const

/** An address as clients are told. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** What the broker says of itself: the cluster is this one node. */
export class ClusterView {
  readonly clusterId: string
  readonly nodeId: number
  /** By listener, filled when the ports are known. */
  readonly #endpoints = new Map<string, Endpoint>()

  constructor(clusterId: string, nodeId: number) {
    this.clusterId = clusterId
    this.nodeId = nodeId
  }

  setEndpoint(listener: string, endpoint: Endpoint): void {
    this.#endpoints.set(listener, endpoint)
  }

  /** The address of this node for whoever came by a listener. */
  endpoint({ listener }: Pick<RequestContext, 'listener'>): Endpoint {
    const endpoint = this.#endpoints.get(listener)
    if (endpoint === undefined) throw new Error(`Listener ${listener} has no advertised address`)
    return endpoint
  }
}
