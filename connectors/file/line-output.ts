/** Where a sink task's lines go: a file or standard output. One call at a time. */
export interface LineOutput {
  /** @throws ConnectException when it cannot be written to at all */
  open(): Promise<void>
  /**
   * Writes all bytes. After a failure `unwritten` holds those that are missing.
   * @throws RetriableException when it may heal, such as a full disk; ConnectException otherwise
   */
  append(bytes: Buffer): Promise<void>
  /** What the last `append` could not write; null: it wrote everything. */
  readonly unwritten: Buffer | null
  /** Settles when everything written survives a crash of the machine, as far as the output can promise that. */
  sync(): Promise<void>
  close(): Promise<void>
}
