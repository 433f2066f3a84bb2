/** Kafka keeps the ids 0 and 1 for itself, and prints none that begins with a dash: tools would take it for an option. */
export function randomTopicId(): string {
  for (;;) {
    const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16)).buffer)
    id[6] = ((id[6] ?? 0) & 0x0f) | 0x40 // version 4
    id[8] = ((id[8] ?? 0) & 0x3f) | 0x80 // variant 1
    const text = id.toString('base64url')
    if (!text.startsWith('-')) return text
  }
}
