import { Password } from 'standpipe/api'

/** A server to send requests to. */
export interface ElasticsearchNode {
  /** `http://host:9200` or `https://host/prefix`: no user, no slash at the end. Without a port the scheme's own, 80 or 443, holds. */
  readonly url: string
  /** From `user:password@` in the address; null: none there. */
  readonly username: string | null
  readonly password: Password | null
}

const scheme = /^[a-z][a-z0-9+.-]*:\/\//i
const userInfo = /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)@/i

/** One address of `connection.url`; `host:9200` is http. Null: it is no address of a server. */
export function readNode(text: string): ElasticsearchNode | null {
  const withScheme = scheme.test(text) ? text : `http://${text}`
  const credentials = userInfo.exec(withScheme)?.[2] ?? null
  const url = parsedUrl(withScheme.replace(userInfo, '$1'))
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || /\s/.test(text)) return null
  const separator = credentials?.indexOf(':') ?? -1
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`,
    username: credentials === null ? null : decoded(separator === -1 ? credentials : credentials.slice(0, separator)),
    password: credentials === null || separator === -1 ? null : new Password(decoded(credentials.slice(separator + 1))),
  }
}

/** The addresses in order, each once. Those that are none are left out: validation has named them. */
export function readNodes(urls: readonly string[]): readonly ElasticsearchNode[] {
  const nodes = new Map<string, ElasticsearchNode>()
  for (const text of urls) {
    const node = readNode(text)
    if (node !== null && !nodes.has(node.url)) nodes.set(node.url, node)
  }
  return [...nodes.values()]
}

/** For errors and answers: everything up to the last `@` of the authority is left out, or of the whole text where it is no address. */
export function withoutUserInfo(url: string): string {
  return url.replace(readNode(url) === null ? /^([^@]*?:\/\/)?[^]*@/ : userInfo, '$1')
}

function parsedUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function decoded(text: string): string {
  return /%(?![0-9a-f]{2})/i.test(text) ? text : decodeURIComponent(text)
}
