import { SerializationException } from '../serialization-exception.ts'

const excerptBytes = 20

/** JSON text that cannot be read: says what is wrong at which byte, and shows the surroundings. */
export class JsonParseException extends SerializationException {
  readonly position: number

  constructor(problem: string, bytes: Uint8Array, position: number) {
    super(`${problem} at byte ${String(position)} of ${String(bytes.length)}: ${excerpt(bytes, position)}`)
    this.position = position
  }
}

/** The bytes around a position as text, `⟨here⟩` before the bad one. */
function excerpt(bytes: Uint8Array, position: number): string {
  const from = Math.max(0, position - excerptBytes)
  const to = Math.min(bytes.length, position + excerptBytes)
  const text = (start: number, end: number) => printable(Buffer.from(bytes.subarray(start, end)).toString('utf8'))
  return `${from > 0 ? '…' : ''}${text(from, position)}⟨here⟩${text(position, to)}${to < bytes.length ? '…' : ''}`
}

function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (control) => JSON.stringify(control).slice(1, -1))
}
