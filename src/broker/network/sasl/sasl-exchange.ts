/** What one side says next, and who it is once that is known. */
export interface SaslStep {
  readonly answer: Buffer
  /** Name of the user when the exchange has come to its end; null: the client must go on. */
  readonly user: string | null
}

/** One authentication by one mechanism, as the server sees it. */
export interface SaslServerExchange {
  /** @throws (or rejects with) SaslFailure: the client is not who it says */
  step: (token: Buffer) => SaslStep | Promise<SaslStep>
}

/** The client could not be authenticated. Its message is for the client, and names no more than Kafka's does. */
export class SaslFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SaslFailure'
  }
}
