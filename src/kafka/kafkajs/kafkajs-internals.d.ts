/**
 * The parts of kafkajs 2.2.4 that the transport uses. They are not in its public types, so the pin is exact and shape.ts checks
 * them when the module is loaded.
 */
declare module 'kafkajs/package.json' {
  const packageJson: { readonly version: string }
  export default packageJson
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export interface PushedRequest {
    readonly entry: {
      readonly apiKey: number
      readonly apiName: string
      readonly apiVersion: number
      readonly correlationId: number
      readonly resolve: (answer: { readonly payload: Buffer | null }) => void
      readonly reject: (error: unknown) => void
    }
    readonly expectResponse: boolean
    readonly requestTimeout: number | null
    readonly sendRequest: () => void
  }

  export default class RequestQueue {
    readonly inflight: Map<number, unknown>
    pending: readonly { readonly correlationId: number }[]
    push(request: PushedRequest): void
    maybeThrottle(throttleMs: number): void
    fulfillRequest(answer: { readonly correlationId: number; readonly payload: Buffer; readonly size: number }): void
    scheduleCheckPendingRequests(): void
    rejectAll(error: Error): void
    destroy(): void
  }
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net'
  import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js'

  export interface KafkajsLogger {
    namespace(name: string): KafkajsLogger
    debug(message: string, extra?: unknown): void
    info(message: string, extra?: unknown): void
    warn(message: string, extra?: unknown): void
    error(message: string, extra?: unknown): void
  }

  export interface SocketFactoryOptions {
    readonly host: string
    readonly port: number
    readonly ssl: object | null
    readonly onConnect: () => void
  }

  export default class Connection {
    constructor(options: {
      readonly host: string
      readonly port: number
      readonly logger: KafkajsLogger
      readonly socketFactory: (options: SocketFactoryOptions) => Socket
      readonly clientId: string
      readonly requestTimeout: number
      readonly connectionTimeout: number
      readonly enforceRequestTimeout: boolean
      readonly ssl: object | null
      readonly sasl: null
    })
    readonly requestQueue: RequestQueue
    readonly socket: Socket
    connect(): Promise<true>
    disconnect(): Promise<true>
    processData(bytes: Buffer): void
    isConnected(): boolean
    nextCorrelationId(): number
    rejectRequests(error: Error): void
  }
}
