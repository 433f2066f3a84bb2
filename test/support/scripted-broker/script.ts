import type { ApiName, Requests } from './apis/index.ts'

/** What a script wants to happen to a request in place of a plain answer. */
export type Action =
  /** Answered with this code, and not handled: for everything in the request, or for the partitions (topics, for Metadata) that match. */
  | { readonly do: 'error'; readonly code: number; readonly where?: (topic: string, partition: number) => boolean }
  /** The connection is cut and the request not handled. */
  | { readonly do: 'cut' }
  /** Handled, but the connection is cut instead of the answer. */
  | { readonly do: 'lose-answer' }
  /** Handled or not, no answer ever comes and the connection stays. */
  | { readonly do: 'silence'; readonly handle?: boolean }
  /** Handled and answered with this throttle time. */
  | { readonly do: 'throttle'; readonly ms: number }

export interface RequestContext<Api extends ApiName = ApiName> {
  readonly api: Api
  readonly version: number
  readonly node: number
  /** Numbers the connections accepted by the cluster. */
  readonly connection: number
  readonly clientId: string
  readonly request: Requests[Api]
}

/** Looks at a request before it is handled. May wait, which delays everything behind it on that connection. */
export type Hook<Api extends ApiName = ApiName> = (context: RequestContext<Api>) => Action | void | Promise<Action | void>
