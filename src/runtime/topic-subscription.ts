import { ConfigException } from '../api/errors.ts'

/** What a sink reads: the names of `topics`, or every topic whose whole name matches `topics.regex`. */
export type TopicSubscription = readonly string[] | ((topic: string) => boolean)

/** @throws ConfigException when the expression cannot be read */
export function subscriptionOf(config: { readonly topics: readonly string[]; readonly 'topics.regex': string }): TopicSubscription {
  const names = config.topics.filter((topic) => topic !== '')
  if (names.length > 0) return [...new Set(names)]
  const pattern = wholeNamePattern(config['topics.regex'])
  return (topic) => pattern.test(topic)
}

/** Java matches the whole topic name. */
function wholeNamePattern(regex: string): RegExp {
  try {
    return new RegExp(`^(?:${regex})$`, 'u')
  } catch (error) {
    const hint = 'Write it without possessive quantifiers and inline flags, which JavaScript does not have.'
    throw new ConfigException(`Invalid value ${regex} for configuration topics.regex: ${(error as Error).message}. ${hint}`, { cause: error })
  }
}
