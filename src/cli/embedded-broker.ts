import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { parseList } from '../api/config/config-type.ts'
import { ConfigException, ConnectException } from '../api/errors.ts'
import { addressText, type HostPort } from '../api/host-port.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import { bootstrapAddresses } from '../kafka/config/bootstrap-servers.ts'
import { levelOf, type LogLevel } from '../logging/logger.ts'
import { writeLaneLine, type LaneLogLine } from '../runtime/lane-logger.ts'
import { revivedError, type PlainError } from '../runtime/plain-error.ts'
import { whoAnswers } from './broker-probe.ts'

/** `workerData` of the broker's thread. */
export interface BrokerThreadData {
  readonly props: Props
  readonly dirs: readonly string[] | null
  readonly logLevel: LogLevel
}

/** What the broker's thread tells. */
export type BrokerThreadReport =
  | { readonly type: 'ready'; readonly address: string; readonly dirs: readonly string[] | null }
  | { readonly type: 'failed'; readonly error: PlainError }
  | { readonly type: 'log'; readonly line: LaneLogLine }

/** Beside this folder among the sources, and in dist. */
const threadFile = import.meta.url.endsWith('.ts')
  ? new URL('../broker-thread.ts', import.meta.url)
  : new URL('../broker-thread.js', import.meta.url)

export interface EmbeddedBrokerOptions {
  /** The worker's. */
  readonly props: Props
  /** Null: in memory. */
  readonly dir: string | null
  readonly log: Logger
}

/** The broker of `connect-standalone --embedded`, at the address of the worker's `bootstrap.servers`. */
export class EmbeddedBroker {
  /** Null: a broker was there already. */
  readonly #thread: Worker | null
  readonly #log: Logger
  #isStopping = false

  /**
   * Resolves when a broker answers at the address: one of our own in a thread, or one that was there.
   * @throws ConfigException for an address that is not this machine's, ConnectException where no broker can be
   */
  static async start({ props, dir, log }: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    const address = loopbackAddress(props['bootstrap.servers'])
    const place = addressText(address)
    const answering = await whoAnswers(address)
    if (answering === 'kafka') {
      log.info(`--embedded: a Kafka broker answers at ${place} already, and is used`)
      return new EmbeddedBroker(null, log)
    }
    if (answering === 'other')
      throw new ConnectException(
        `--embedded: something that is no Kafka broker listens at ${place}. Choose another port in bootstrap.servers`,
      )
    const data: BrokerThreadData = {
      props: { listeners: `PLAINTEXT://${place}` },
      dirs: dir === null ? null : [dir],
      logLevel: threadLevel(log),
    }
    const broker = new EmbeddedBroker(startThread(data), log)
    await broker.#ready()
    const where = dir === null ? 'data is in memory and gone when the worker stops; --embedded=DIR keeps it' : `data in ${dir}`
    log.info(`Embedded broker ready at ${place}, ${where}`)
    return broker
  }

  private constructor(thread: Worker | null, log: Logger) {
    this.#thread = thread
    this.#log = log
  }

  /** To be called when no client is left. A broker that was there before is left alone. */
  async stop(): Promise<void> {
    if (this.#thread === null || this.#isStopping) return
    this.#isStopping = true
    const ended = once(this.#thread, 'exit')
    this.#thread.postMessage('stop')
    await ended
    this.#log.info('Embedded broker stopped')
  }

  #ready(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#thread?.on('message', (report: BrokerThreadReport) => {
      if (report.type === 'log') writeLaneLine(report.line, this.#log)
      else if (report.type === 'ready') resolve()
      else reject(new ConnectException('The embedded broker cannot be started', { cause: revivedError(report.error) }))
    })
    this.#thread?.once('error', (error) => this.#log.error('The embedded broker failed; restart the worker to have one again', error))
    this.#thread?.once('exit', () => {
      reject(new ConnectException('The embedded broker ended before it was ready'))
      this.#isStopping = true
    })
    return promise
  }
}

function startThread(data: BrokerThreadData): Worker {
  return new Worker(threadFile, {
    name: 'embedded-broker',
    workerData: data,
    ...(threadFile.pathname.endsWith('.ts') ? { execArgv: [...process.execArgv, '--conditions=standpipe:source'] } : {}),
  })
}

/** What the broker says of its daily work is of no interest beside the worker's log. */
function threadLevel(log: Logger): LogLevel {
  const level = levelOf(log)
  return level === 'info' ? 'warn' : level
}

/** @throws ConfigException */
function loopbackAddress(servers: string | undefined): HostPort {
  if (servers === undefined || servers.trim() === '')
    throw new ConfigException('--embedded starts a broker at the address of bootstrap.servers, which is missing. Set it to localhost:9092')
  const [address, ...others] = bootstrapAddresses(parseList(servers))
  if (address !== undefined && others.length === 0 && isLoopback(address.host)) return address
  throw new ConfigException(
    `--embedded starts a broker on this machine alone, but bootstrap.servers is ${servers.trim()}. Set it to localhost:9092, or leave --embedded out`,
  )
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
