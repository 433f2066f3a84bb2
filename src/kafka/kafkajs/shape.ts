/** kafkajs is used from the inside, so what is used must be exactly what was read: version and members are checked at load. */
import packageJson from 'kafkajs/package.json' with { type: 'json' }
import Connection from 'kafkajs/src/network/connection.js'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import { quietLogger } from './quiet-logger.ts'

const EXPECTED_VERSION = '2.2.4'

const CONNECTION_METHODS = ['connect', 'disconnect', 'isConnected', 'nextCorrelationId', 'rejectRequests', 'processData']
const QUEUE_METHODS = ['push', 'fulfillRequest', 'maybeThrottle', 'scheduleCheckPendingRequests', 'rejectAll', 'destroy']

/** @throws Error naming everything that is not as expected */
export function checkKafkajs(version: string = packageJson.version, connectionClass: typeof Connection = Connection): void {
  const problems = [
    ...(version === EXPECTED_VERSION ? [] : [`version is ${version}`]),
    ...missing('Connection', connectionClass.prototype, CONNECTION_METHODS),
    ...missing('RequestQueue', RequestQueue.prototype, QUEUE_METHODS),
    ...(version === EXPECTED_VERSION ? missingFields(connectionClass) : []),
  ]
  if (problems.length === 0) return
  throw new Error(
    `standpipe needs kafkajs ${EXPECTED_VERSION} exactly, but ${problems.join(', ')}. Install the version that standpipe's package.json names`,
  )
}

function missing(owner: string, prototype: object, methods: readonly string[]): string[] {
  return methods.filter((name) => typeof Reflect.get(prototype, name) !== 'function').map((name) => `${owner}.${name} is missing`)
}

function missingFields(connectionClass: typeof Connection): string[] {
  const connection = new connectionClass({
    host: 'localhost',
    port: 9092,
    logger: quietLogger,
    socketFactory: () => {
      throw new Error('never connected')
    },
    clientId: 'shape',
    requestTimeout: 1,
    connectionTimeout: 1,
    enforceRequestTimeout: false,
    ssl: null,
    sasl: null,
  })
  const problems: string[] = []
  if (!(connection.requestQueue instanceof RequestQueue)) problems.push('Connection.requestQueue is missing')
  else if (!(connection.requestQueue.inflight instanceof Map)) problems.push('RequestQueue.inflight is no Map')
  else if (!Array.isArray(connection.requestQueue.pending)) problems.push('RequestQueue.pending is no array')
  return problems
}
