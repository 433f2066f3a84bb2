import { javaPattern } from '../api/config/java-pattern.ts'

/** What a sink reads: the names of `topics`, or every topic whose whole name matches `topics.regex`. */
export type TopicSubscription = readonly string[] | ((topic: string) => boolean)

/** @param config validated: one of the two is set, and the expression can be read */
export function subscriptionOf(config: { readonly topics: readonly string[]; readonly 'topics.regex': string }): TopicSubscription {
  const names = config.topics.filter((topic) => topic !== '')
  if (names.length > 0) return [...new Set(names)]
  const pattern = javaPattern(config['topics.regex'])
  return (topic) => pattern.test(topic)
}
