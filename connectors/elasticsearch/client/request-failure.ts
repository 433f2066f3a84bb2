import type { ServerError } from '../bulk/bulk-answer.ts'

/**
 * unreachable: no connection, the request was not sent; disconnected: the connection ended before the answer did;
 * timeout: no answer in `read.timeout.ms`; unreadable: an answer that means nothing; aborted: we gave it up; status: the server said no.
 */
export type RequestFailureKind = 'unreachable' | 'disconnected' | 'timeout' | 'unreadable' | 'aborted' | 'status'

export interface RequestFailureInit {
  readonly kind: RequestFailureKind
  /** What happened, in words. No secrets, no documents. */
  readonly message: string
  /** As the Java sink would say it, for the sentences that tools and people know from there. */
  readonly javaText: string
  readonly status?: number
  readonly serverError?: ServerError | null
  readonly retryAfterMs?: number | null
}

/** A request to Elasticsearch that got no good answer. Made in one place, `requestFailure`; who retries decides by kind, status and error type. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  readonly kind: RequestFailureKind
  readonly javaText: string
  /** HTTP status; 0: there was no answer. */
  readonly status: number
  readonly serverError: ServerError | null
  /** What the server asks to wait. */
  readonly retryAfterMs: number | null

  constructor(init: RequestFailureInit) {
    super(init.message)
    this.kind = init.kind
    this.javaText = init.javaText
    this.status = init.status ?? 0
    this.serverError = init.serverError ?? null
    this.retryAfterMs = init.retryAfterMs ?? null
  }

  /** The server or the way to it is in trouble, which passes: the same request may work later. */
  get isPassing(): boolean {
    if (this.kind !== 'status') return this.kind !== 'aborted'
    return this.status === 408 || this.status === 429 || this.status >= 500
  }
}
