import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** Standard output and error are appended here. */
  readonly logFile: string
  readonly env?: NodeJS.ProcessEnv
  /** True: the server stays up when this process ends (`npm run services -- up`). */
  readonly outlivesUs?: boolean
}

const STOP_TIMEOUT_MS = 60_000
const LOG_TAIL_LINES = 25

/** Linux kills the server with its parent, even when that one was killed itself: no stray JVM after a broken test run. */
export const SETPRIV = '/usr/bin/setpriv'

/** A server started by us. It is ended by its recorded pid, never by name. */
export class ServerProcess {
  readonly pid: number
  readonly logFile: string
  /** Resolves, with what to print, when the process has ended for whatever reason. */
  readonly exited: Promise<string>
  #exit: string | null = null

  private constructor(pid: number, logFile: string, exited: Promise<string>) {
    this.pid = pid
    this.logFile = logFile
    this.exited = exited.then((how) => (this.#exit = how))
  }

  static async start(server: ServerCommand): Promise<ServerProcess> {
    const log = openSync(server.logFile, 'a')
    try {
      const tied = server.outlivesUs !== true && existsSync(SETPRIV)
      const [command, args] = tied ? [SETPRIV, ['--pdeathsig', 'KILL', server.command, ...server.args]] : [server.command, [...server.args]]
      const child = spawn(command, args, {
        cwd: server.cwd,
        env: server.env ?? process.env,
        stdio: ['ignore', log, log],
        detached: true, // a Ctrl-C in the terminal is for us: we end our servers in order
      })
      await once(child, 'spawn')
      if (server.outlivesUs === true) child.unref()
      const exited = once(child, 'exit').then(([code, signal]) => (signal === null ? `exit code ${String(code)}` : String(signal)))
      return new ServerProcess(child.pid!, server.logFile, exited)
    } finally {
      closeSync(log)
    }
  }

  /** How the process ended; null while it runs. */
  get exit(): string | null {
    return this.#exit
  }

  /** SIGTERM, then SIGKILL when it takes too long. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    if (this.#exit !== null) return
    process.kill(this.pid, 'SIGTERM')
    const giveUp = new AbortController()
    const timeout = sleep(timeoutMs, 'timeout', { signal: giveUp.signal, ref: false }).catch(() => 'stopped')
    const first = await Promise.race([this.exited, timeout])
    giveUp.abort()
    if (first === 'timeout') await this.kill()
  }

  async kill(): Promise<void> {
    if (this.#exit !== null) return
    process.kill(this.pid, 'SIGKILL')
    await this.exited
  }

  /**
   * Polls `isReady` until it says yes.
   * @throws Error with the end of the log when the server ends or the time is over
   */
  async waitUntil(isReady: () => Promise<boolean>, what: string, timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs
    while (!(await isReady())) {
      if (this.#exit !== null) throw new Error(`${what} ended before it was ready (${this.#exit}).\n${this.logTail()}`)
      if (Date.now() > end) {
        await this.kill()
        throw new Error(`${what} was not ready after ${timeoutMs / 1000} s.\n${this.logTail()}`)
      }
      await sleep(100)
    }
  }

  logTail(): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES)
    return `End of ${this.logFile}:\n${lines.join('\n')}`
  }
}
