/**
 * For filters of generated values whose JSON goes through JSON.parse: true unless there is a backslash in it. Behind an object with
 * a backslash at the end of a name, the parser of V8 13 may take that name for one with an escape (`\` for `"`).
 */
export function hasNoBackslash(value: unknown): boolean {
  return !JSON.stringify(value).includes('\\\\')
}
