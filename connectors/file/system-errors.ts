/** The code of a system error, such as ENOENT; null for anything else. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}

/** The operating system's words for an error, without the call's arguments: `ENOSPC: no space left on device`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const comma = codeOf(error) === null ? -1 : error.message.indexOf(', ')
  return comma === -1 ? error.message : error.message.slice(0, comma)
}
