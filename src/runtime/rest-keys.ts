import type { KeyDeclarations } from '../api/config/config-key.ts'
import { lambda, validList, validString } from '../api/config/validators.ts'
import { ConfigException } from '../api/errors.ts'
import { javaTrim } from '../api/java-trim.ts'
import { sslKeys } from '../kafka/config/ssl-keys.ts'

const LISTENERS_EXAMPLE = 'ex: http://localhost:8080,https://localhost:8443.'
const HEADER_ACTIONS = ['set', 'add', 'setDate', 'addDate']

const listeners = lambda<readonly string[]>((_name, value) => {
  if (value === null || value.length === 0) {
    throw new ConfigException(`Invalid value for listeners, at least one URL is expected, ${LISTENERS_EXAMPLE}`)
  }
  if (value.includes('')) throw new ConfigException('Empty URL found when parsing listeners list.')
}, `List of comma-separated URLs, ${LISTENERS_EXAMPLE}`)

const responseHeaders = lambda<string>((_name, value) => {
  for (const rule of headerRules(value ?? '')) checkHeaderRule(rule)
}, "Comma-separated header rules, where each header rule is of the form '[action] [header name]:[header value]' " + 'and optionally surrounded by double quotes if any part of a header rule contains a comma')

/** Splits on commas outside of double quotes, which are removed. */
function headerRules(value: string): string[] {
  const rules = value.match(/"[^"]*"|[^,]+/g) ?? []
  return rules.map((rule) => javaTrim(rule).replace(/^"(.*)"$/, '$1')).filter((rule) => rule !== '')
}

function checkHeaderRule(rule: string): void {
  const [action = '', header] = splitOnce(javaTrim(rule))
  if (header === undefined) {
    throw new ConfigException(`Invalid format of header config '${rule}'. Expected: '[action] [header name]:[header value]'`)
  }
  if (!HEADER_ACTIONS.includes(action)) {
    throw new ConfigException(`Invalid header config action: '${action}'. Expected one of [${HEADER_ACTIONS.join(', ')}]`)
  }
  const tokens = javaTrim(header).split(':')
  if (tokens.length !== 2) {
    throw new ConfigException(`Invalid format of header name and header value pair '${header}'. Expected: '[header name]:[header value]'`)
  }
  const headerName = javaTrim(tokens[0] ?? '')
  if (headerName === '' || /\s/.test(headerName)) {
    throw new ConfigException(`Invalid header name '${headerName}'. The '[header name]' cannot contain whitespace`)
  }
}

function splitOnce(text: string): readonly [string, string?] {
  const [, first = text, rest] = /^(\S+)\s+(.*)$/s.exec(text) ?? []
  return rest === undefined ? [first] : [first, rest]
}

/** Keys of the REST interface. Apache Kafka 4.3, RestServerConfig. */
export const restKeys = {
  listeners: {
    type: 'list',
    default: ['http://:8083'],
    validator: listeners,
    importance: 'low',
    doc: 'URLs the REST interface listens on: http or https, host, port. An empty host means every address; unset, only this machine can connect.',
  },
  'admin.listeners': {
    type: 'list',
    default: null,
    validator: validList({ allowNull: true }),
    importance: 'low',
    doc: 'URLs of the administration part. Unset: it is on `listeners`; empty: it is off.',
  },
  'rest.advertised.host.name': { type: 'string', default: null, importance: 'low', doc: 'Host part of the worker’s id in status answers.' },
  'rest.advertised.port': { type: 'int', default: null, importance: 'low', doc: 'Port part of the worker’s id in status answers.' },
  'rest.advertised.listener': {
    type: 'string',
    default: null,
    importance: 'low',
    doc: 'Which listener gives host and port of the worker’s id: http or https.',
  },
  'access.control.allow.origin': {
    type: 'string',
    default: '',
    importance: 'low',
    doc: 'Origins that browsers may call the REST interface from. Empty: CORS is off.',
  },
  'access.control.allow.methods': { type: 'string', default: '', importance: 'low', doc: 'Methods for CORS. Empty: GET, POST and HEAD.' },
  'response.http.headers.config': {
    type: 'string',
    default: '',
    validator: responseHeaders,
    importance: 'low',
    doc: 'Headers added to every answer: rules `action Name: value` with action set, add, setDate or addDate, separated by commas.',
  },
  'rest.extension.classes': {
    type: 'list',
    default: [],
    validator: validList(),
    importance: 'low',
    doc: 'REST extensions by their Java names. Known: BasicAuthSecurityRestExtension.',
  },
  'ssl.client.auth': {
    type: 'string',
    default: 'none',
    validator: validString('required', 'requested', 'none'),
    importance: 'low',
    doc: 'Whether https listeners ask for a client certificate: required, requested or none.',
  },
  ...sslKeys,
} as const satisfies KeyDeclarations
