import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { onTestFailed, onTestFinished } from 'vitest'

const bin = join(import.meta.dirname, '..', '..', 'dist', 'bin', 'connect-standalone.js')

/** A folder of the current test, removed when it ends. */
export async function scratchDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-test-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Writes a property file. @returns its path */
export async function propertiesFile(dir: string, name: string, props: Readonly<Record<string, string>>): Promise<string> {
  const path = join(dir, name)
  await writeFile(
    path,
    Object.entries(props)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  return path
}

/** The worker a user would start: `connect-standalone` from the build, as a process of its own. */
export class WorkerProcess {
  readonly #child: ChildProcess
  /** Its streams are read to their end by then, which 'exit' does not wait for. */
  readonly #closed: Promise<unknown>
  #hasClosed = false
  #output = ''

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, node = process.execPath) {
    this.#child = spawn(node, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    this.#closed = once(this.#child, 'close').then(() => (this.#hasClosed = true))
    onTestFinished(() => this.kill())
    onTestFailed(() => console.error(`The worker ${this.pid} had said:\n${this.#output}`))
  }

  /** Both streams so far. */
  get output(): string {
    return this.#output
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** True when it has ended, and all it said is there. */
  get hasExited(): boolean {
    return this.#hasClosed
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Exit code, once the process has ended. */
  async exited(): Promise<number | null> {
    await this.#closed
    return this.#child.exitCode
  }

  /** SIGTERM, and the exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    return this.exited()
  }

  /** SIGKILL: no last word. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited()
  }

  /** Waits for a text in the output. @throws with the output when the process ends before */
  async says(text: string | RegExp): Promise<void> {
    const found = () => (typeof text === 'string' ? this.#output.includes(text) : text.test(this.#output))
    while (!found()) {
      if (this.hasExited) throw new Error(`The worker ended with ${this.#child.exitCode} before it said ${String(text)}:\n${this.#output}`)
      await delay(5)
    }
  }
}

/** Waits for a condition; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>, everyMs = 20): Promise<void> {
  while (!(await condition())) await delay(everyMs)
}
