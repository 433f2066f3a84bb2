/** What a client sent is no request, or none that may come now: its connection is closed, and the log says why. */
export class InvalidRequest extends Error {
  /** @param reason part of a sentence, without a full stop */
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'InvalidRequest'
  }
}
