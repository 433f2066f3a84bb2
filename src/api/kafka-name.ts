const MOST_CHARACTERS = 249

/**
 * Asked by client and broker of names of topics and static members.
 * @returns why nothing can be called so, as Java says it (Apache Kafka 4.3.1, Topic#validate); null: all is well
 */
export function whyInvalidName(name: string): string | null {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > MOST_CHARACTERS) return `the length of '${name}' is longer than the max allowed length ${MOST_CHARACTERS}`
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  return null
}
