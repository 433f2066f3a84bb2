import { ConfigException, javaPattern } from 'standpipe/api'

/** A pattern for whole table names such as `public.orders`. @param list the whole value of the key, for the message */
export function tablePattern(key: string, pattern: string, list: readonly string[]): RegExp {
  try {
    return javaPattern(pattern)
  } catch (error) {
    throw new ConfigException(
      `Invalid value [${list.join(', ')}] for configuration ${key}: Must be a valid comma-separated list of regular expression patterns: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
