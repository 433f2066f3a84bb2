import { BufferPool } from '../../kafka/record/buffer-pool.ts'

/** Smaller ones are cheaper to make than to keep. */
const LEAST_BYTES = 16 * 1024
/** Most that buffers which wait for their next read may take. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024

const pool = new BufferPool(MAX_KEPT_BYTES)
/** What was lent, by what the reader sees of it. Nothing is held that the reader has dropped. */
const lent = new WeakMap<Buffer, Buffer>()

/**
 * Memory for a read from a log. Fresh memory costs more than the read itself, because the kernel clears every page of it: whoever is done
 * with the bytes gives them back with {@link returnBuffer}, or leaves them to the garbage collector.
 */
export function lendBuffer(bytes: number): Buffer {
  // not from Node's pool: an answer may wait long for its client, and would keep the block
  if (bytes < LEAST_BYTES) return Buffer.allocUnsafeSlow(bytes)
  const whole = pool.take(bytes)
  const part = whole.subarray(0, bytes)
  lent.set(part, whole)
  return part
}

/** Whether the buffer is one that can be given back. */
export function isLent(buffer: Buffer): boolean {
  return buffer.length >= LEAST_BYTES && lent.has(buffer)
}

/** The read's bytes are not needed any more, by anyone. Harmless for other buffers, and when called twice. */
export function returnBuffer(buffer: Buffer): void {
  const whole = lent.get(buffer)
  if (whole === undefined) return
  lent.delete(buffer)
  pool.give(whole)
}
