/** A request is its length in 4 bytes, then the lines of a batch; the answer is one byte. */
export const acceptedByte = Buffer.from([1])
export const refusedByte = Buffer.from([0])

export function frameOf(lines: readonly string[]): Buffer {
  const body = Buffer.from(lines.join('\n'))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** @returns takes the chunks of a connection; calls `onFrame` with each whole request */
export function framesOf(onFrame: (body: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const end = 4 + rest.readUInt32BE(0)
      onFrame(rest.subarray(4, end))
      rest = rest.subarray(end)
    }
  }
}
