/** Where to go on reading. */
export interface ResumePoint {
  /** Bytes of the file that are done with. */
  readonly position: number
  /** Which file that was, if it is known: after a rotation the name leads to another one. */
  readonly fileKey: string | null
}

/** Bytes a source task makes lines of: a file, a gzip'd file or standard input. One call at a time. */
export interface LineInput {
  /** Identity of the open file, for resume points; null: it has none. */
  readonly fileKey: string | null
  /**
   * Gets ready to read. Called before the first `read`, again while it returns null, and after `hasEnded` said true.
   * @returns position of the first byte `read` will give, or null when there is nothing to read yet, such as a missing file
   * @throws ConnectException when this can never be read; RetriableException when it may heal
   */
  open(from: ResumePoint): Promise<number | null>
  /**
   * Reads what is there into `target` from `start`, up to its end.
   * @returns the number of bytes; 0: nothing now, perhaps later
   */
  read(target: Buffer, start: number): Promise<number>
  /**
   * Called when `read` has given nothing for about a second.
   * @returns true: nothing will ever follow and another file has taken the name; `open` begins that one
   */
  hasEnded(): Promise<boolean>
  close(): Promise<void>
}
