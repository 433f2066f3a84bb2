import { createReadStream, fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'

/**
 * Gives this thread the process's standard input. Node gives a thread an empty one unless the main thread reads and forwards it,
 * and nobody shall read who is not asked to: it is opened when a connector first looks at `process.stdin`.
 */
export function shareStandardInput(): void {
  let stream: Readable | null = null
  Object.defineProperty(process, 'stdin', { configurable: true, enumerable: true, get: () => (stream ??= openStandardInput()) })
}

function openStandardInput(): Readable {
  const fd = 0
  if (isatty(fd)) return new ReadStream(fd)
  const stat = fstatSync(fd)
  if (stat.isFIFO() || stat.isSocket()) return new Socket({ fd, readable: true, writable: false })
  return createReadStream('', { fd, autoClose: false })
}
