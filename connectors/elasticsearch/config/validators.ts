import { existsSync } from 'node:fs'
import { ConfigException, lambda, type Recommender, type Validator } from 'standpipe/api'
import { readNode, withoutUserInfo } from './nodes.ts'

/** A value out of few, in any case; null passes. The values are also what a person is recommended. */
export function oneOf(...values: readonly string[]): Validator<string> {
  const list = `[${values.join(', ')}]`
  return lambda<string>((name, value) => {
    if (value !== null && !values.includes(value.toLowerCase())) {
      throw ConfigException.forKey(name, value, `Value must be one of: ${list}`)
    }
  }, list)
}

/** Recommends these values, always. */
export function recommend(...values: readonly string[]): Recommender {
  return { validValues: () => values, visible: () => true }
}

/** Addresses of servers; user names and passwords inside are not repeated in the error. */
export const urlList = lambda<readonly string[]>((name, value) => {
  if (value === null) throw ConfigException.forKey(name, value, 'The config must be provided and non-null.')
  const wrong = value.find((url) => readNode(url) === null)
  if (wrong === undefined) return
  const shown = `[${value.map(withoutUserInfo).join(', ')}]`
  throw ConfigException.forKey(name, shown, `The provided url '${withoutUserInfo(wrong)}' is not a valid url.`)
}, 'List of valid URIs.')

const unfitForDataStream = /[\\/*?"<>| ,#\-:]/

/** The dataset or namespace of a data stream's name. @param part what errors call it */
export function dataStreamPart(part: 'dataset' | 'namespace'): Validator<string> {
  return lambda<string>((name, value) => {
    if (value === null) return
    const refuse = (reason: string) => ConfigException.forKey(name, value, `The specified ${part} must ${reason}`)
    if (value.length > 100) throw refuse('be no longer than 100 characters.')
    if (value !== value.toLowerCase()) throw refuse('be in all lowercase.')
    if (unfitForDataStream.test(value)) throw refuse('not contain any spaces or invalid characters \\/*?"<>|,#-:')
  }, `A valid ${part} name that is all lowercase, less than 100 characters, and does not contain any spaces or invalid characters \\/*?"<>|,#-:`)
}

/** The path of a file that is there; null passes. */
export function existingFile(extension: string): Validator<string> {
  return lambda<string>((name, value) => {
    if (value === null) return
    if (!value.endsWith(extension)) throw ConfigException.forKey(name, value, `The specified file must end with .${extension}`)
    if (!existsSync(value)) throw ConfigException.forKey(name, value, 'The specified file does not exist.')
  }, `Existing file with ${extension} extension.`)
}
