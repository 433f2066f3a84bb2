import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFailed, onTestFinished } from 'vitest'
import { freePorts } from '../services/free-ports.ts'

const bin = join(import.meta.dirname, '..', '..', '..', 'dist', 'bin', 'standpipe.js')

/** `standpipe broker` from the build as a process of its own, on one folder and one port through all its lives. */
export class BrokerProcess {
  readonly address: string
  readonly #args: readonly string[]
  #child: ChildProcess | null = null
  /** Of the last life: its streams are read to their end by then, which 'exit' does not wait for. */
  #closed: Promise<unknown> = Promise.resolve()
  #output = ''

  private constructor(port: number, args: readonly string[]) {
    this.address = `127.0.0.1:${port}`
    this.#args = ['broker', '--port', String(port), ...args]
    onTestFinished(() => this.kill())
    onTestFailed(() => console.error(`The broker had said:\n${this.#output.slice(-10_000)}`))
  }

  /** @param args beside the port */
  static async start(...args: readonly string[]): Promise<BrokerProcess> {
    const [port] = (await freePorts(1)) as [number]
    const broker = new BrokerProcess(port, args)
    await broker.start()
    return broker
  }

  /** Everything all lives said. */
  get output(): string {
    return this.#output
  }

  /** Resolves when clients are served. */
  async start(): Promise<void> {
    const child = this.spawn()
    const isReady = new Promise<true>((resolve) => child.stdout?.once('data', () => resolve(true)))
    const ready = await Promise.race([isReady, this.#closed])
    if (ready !== true) throw new Error(`The broker ended when it was started:\n${this.#output.slice(-5000)}`)
  }

  /** Starts without waiting. */
  spawn(): ChildProcess {
    const child = spawn(process.execPath, [bin, ...this.#args], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    this.#child = child
    this.#closed = once(child, 'close')
    return child
  }

  /** SIGKILL: no last word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM')
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (child === null) return null
    child.kill(signal)
    await this.#closed
    return child.exitCode
  }
}
