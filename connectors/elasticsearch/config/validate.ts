import type { ConfigValue, Props } from 'standpipe/api'
import { contradictions, type FileContext } from './cross-checks.ts'
import { elasticsearchSinkConfig } from './elasticsearch-sink-config.ts'
import { withoutUserInfo } from './nodes.ts'
import { sslPrefix } from './security-keys.ts'

/**
 * Checks a whole configuration without asking any server: every key, then the keys against each other, all problems at once.
 * A key that is wrong by itself is not judged again beside others. User names and passwords inside addresses are left out of the answer.
 */
export function validateElasticsearchSinkConfig(props: Props): ConfigValue[] {
  const values = new Map(elasticsearchSinkConfig.validate(props).map((value) => [value.name, value]))
  const wrong = new Set([...values.values()].filter((value) => value.errorMessages.length > 0).map((value) => value.name))
  const keys = elasticsearchSinkConfig.parse({ 'connection.url': 'http://unknown', ...withoutKeys(props, wrong) })
  for (const contradiction of contradictions(keys, fileContext(props))) {
    if (contradiction.keys.some((key) => wrong.has(key))) continue
    for (const key of contradiction.keys) values.get(key)?.addError(contradiction.message)
  }
  hideCredentials(values.get('connection.url'))
  return [...values.values()]
}

function withoutKeys(props: Props, keys: ReadonlySet<string>): Props {
  return Object.fromEntries(Object.entries(props).filter(([key]) => !keys.has(key)))
}

function fileContext(props: Props): FileContext {
  return {
    topics: (props['topics'] ?? '')
      .split(',')
      .map((topic) => topic.trim())
      .filter((topic) => topic !== ''),
    hasTopicPattern: (props['topics.regex'] ?? '') !== '',
    hasSslKeys: Object.keys(props).some((key) => key.startsWith(sslPrefix)),
  }
}

function hideCredentials(value: ConfigValue | undefined): void {
  if (value !== undefined && Array.isArray(value.value)) value.value = (value.value as readonly string[]).map(withoutUserInfo)
}
