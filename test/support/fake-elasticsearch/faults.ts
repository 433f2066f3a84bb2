import { setTimeout as delay } from 'node:timers/promises'
import type { ItemError } from './fake-index.ts'

/** What goes wrong with one request. */
export type Fault =
  /** The whole request is refused; nothing of it is done. */
  | { readonly kind: 'status'; readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is broken off, before the work (`done: false`) or when it is done but nobody knows. */
  | { readonly kind: 'reset'; readonly done: boolean }
  /** No answer until `release`, or so many milliseconds, then the usual one; the work is done at once, or then. */
  | { readonly kind: 'hang'; readonly done: boolean; readonly ms?: number }
  /** The work is done at once, the answer comes later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Some operations of a bulk request are refused. @returns null for those that go through */
  | { readonly kind: 'items'; readonly outcomeOf: (position: number, id: string | undefined) => ItemFault | null }
  /** The work is done, the answer is this text. */
  | { readonly kind: 'answer'; readonly text: string }

export interface ItemFault {
  readonly status: number
  readonly error: ItemError
}

/** What a request looks like to whoever decides on faults, and to tests afterwards. */
export interface SeenRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Decompressed. */
  readonly body: string
}

/** Asked for every request, in the order of their arrival. */
export type FaultSource = (request: SeenRequest) => Fault | null

export const tooManyRequests: ItemFault = {
  status: 429,
  error: { type: 'es_rejected_execution_exception', reason: 'rejected execution of coordinating operation [queue is full]' },
}

export function isBulk(request: SeenRequest): boolean {
  return request.path.endsWith('/_bulk')
}

/** These faults for the next bulk requests, one each; then none. */
export function forBulks(...faults: readonly (Fault | null)[]): FaultSource {
  const rest = [...faults]
  return (request) => (isBulk(request) ? (rest.shift() ?? null) : null)
}

export function refusal(status: number, type: string, reason: string): Fault & { kind: 'status' } {
  return { kind: 'status', status, body: errorBody(status, type, reason) }
}

export function errorBody(status: number, type: string, reason: string): unknown {
  return { error: { root_cause: [{ type, reason }], type, reason }, status }
}

/** Waits until somebody releases the request, or for so long. */
export async function hang(released: Promise<void>, ms: number | undefined): Promise<void> {
  if (ms === undefined) return released
  const over = new AbortController()
  await Promise.race([released, delay(ms, undefined, { signal: over.signal }).catch(() => undefined)])
  over.abort()
}
