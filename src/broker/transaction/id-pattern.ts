/** A pattern that a client sent is none. */
export class PatternSyntaxError extends Error {}

/**
 * A pattern for whole transactional ids in the syntax of RE2, as Kafka's broker has it by RE2/J: the time it takes is in proportion to
 * pattern and id, so none keeps the broker busy for long. RE2JS is loaded when a client first asks: the broker's start does not wait for it.
 * @throws PatternSyntaxError
 */
export async function idPattern(text: string): Promise<(transactionalId: string) => boolean> {
  const { RE2JS, RE2JSException } = await import('re2js')
  try {
    const pattern = RE2JS.compile(text)
    return (transactionalId) => pattern.matches(transactionalId)
  } catch (error) {
    throw error instanceof RE2JSException ? new PatternSyntaxError(error.message, { cause: error }) : error
  }
}
