import { existsSync } from 'node:fs'
import { isAbsolute, normalize, sep } from 'node:path'
import { ConfigException } from '../api/errors.ts'

/** The parameter `allowed.paths` of file and directory providers (KIP-993): below which paths files may be read. */
export class AllowedPaths {
  /** Null: everywhere. */
  readonly #allowed: readonly string[] | null

  /** @throws ConfigException for a path that is relative or does not exist */
  constructor(configured: string | undefined) {
    this.#allowed = configured === undefined || configured === '' ? null : configured.split(',').map(existingPath)
  }

  /** The path to read; null: it is not allowed. `..` does not lead out, since normalized paths are compared. */
  resolve(path: string): string | null {
    if (this.#allowed === null) return path
    const normalized = withoutEndSlash(normalize(path))
    return this.#allowed.some((allowed) => isBelow(normalized, allowed)) ? normalized : null
  }
}

function existingPath(path: string): string {
  const normalized = withoutEndSlash(normalize(path))
  if (!isAbsolute(normalized)) throw new ConfigException(`Path ${normalized} is not absolute`)
  if (!existsSync(normalized)) throw new ConfigException(`Path ${normalized} does not exist`)
  return normalized
}

function isBelow(path: string, allowed: string): boolean {
  return path === allowed || path.startsWith(allowed.endsWith(sep) ? allowed : allowed + sep)
}

function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith(sep) ? path.slice(0, -1) : path
}
