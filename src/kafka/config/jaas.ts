import { ConfigException } from '../../api/errors.ts'

/** The login module of `sasl.jaas.config` with its options. */
export interface JaasEntry {
  readonly loginModule: string
  readonly options: ReadonlyMap<string, string>
}

const FLAGS = ['required', 'requisite', 'sufficient', 'optional']
const TOKEN = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([=;])|([^\s=;"',{}]+)|([\s\S])/g
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', b: '\b' }

/**
 * Reads `LoginModule required name="value" …;` as Java's clients do: quotes of both kinds, escapes, comments.
 * @throws ConfigException that says what is missing, and never shows an option's value
 */
export function parseJaasConfig(text: string): JaasEntry {
  const tokens = tokensOf(text)
  const [loginModule, flag] = tokens
  if (loginModule?.kind !== 'word') throw malformed('it does not begin with the class name of a login module')
  if (flag?.kind !== 'word' || !FLAGS.includes(flag.text.toLowerCase())) {
    throw malformed(`${loginModule.text} must be followed by required, requisite, sufficient or optional`)
  }
  const end = tokens.findIndex(({ kind, text: token }) => kind === 'sign' && token === ';')
  if (end < 0) throw malformed('it must end with a semicolon')
  if (end !== tokens.length - 1) throw malformed('there must be one login module, and nothing after its semicolon')
  return { loginModule: loginModule.text, options: optionsOf(tokens.slice(2, end)) }
}

function optionsOf(tokens: readonly Token[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>()
  for (let at = 0; at < tokens.length; at += 3) {
    const [name, sign, value] = tokens.slice(at, at + 3)
    if (name?.kind !== 'word') throw malformed(`option ${at / 3 + 1} has no name; put values with special characters between double quotes`)
    if (sign?.text !== '=' || value === undefined || value.kind === 'sign')
      throw malformed(`option ${name.text} has no value: write ${name.text}="…"`)
    options.set(name.text, value.text)
  }
  return options
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'sign'
  readonly text: string
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  for (const [, quoted, sign, word, other] of text.matchAll(TOKEN)) {
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: unescaped(quoted.slice(1, -1)) })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else if (other !== undefined)
      throw malformed(
        other === '"' || other === "'" ? 'a quote is not closed' : `there is a ${other} between options, which only blanks may separate`,
      )
  }
  return tokens
}

/** As Java's StreamTokenizer: letters, octal numbers, any other character itself. */
function unescaped(text: string): string {
  return text.replace(/\\([0-3]?[0-7]{1,2}|[\s\S])/g, (_, escaped: string) =>
    /^[0-7]/.test(escaped) ? String.fromCharCode(parseInt(escaped, 8)) : (ESCAPES[escaped] ?? escaped),
  )
}

function malformed(reason: string): ConfigException {
  return ConfigException.forKey('sasl.jaas.config', '[hidden]', `${reason}. Write …PlainLoginModule required username="…" password="…";`)
}
