/**
 * A pattern for whole transactional ids in the syntax of RE2, as Kafka's broker has it by RE2/J: the time it takes is in proportion to
 * pattern and id, so none keeps the broker busy for long. RE2JS is loaded when a client first asks: the broker's start does not wait for it.
 * @returns null for a text that is no pattern
 */
export async function idPattern(text: string): Promise<((transactionalId: string) => boolean) | null> {
  const { RE2JS, RE2JSException } = await import('re2js')
  try {
    const pattern = RE2JS.compile(text)
    return (transactionalId) => pattern.matches(transactionalId)
  } catch (error) {
    if (error instanceof RE2JSException) return null // the client is told: it sent the text
    throw error
  }
}
