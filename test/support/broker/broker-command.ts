import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from '../worker-process.ts'

const standpipe = join(resolve(import.meta.dirname, '../../..'), 'dist', 'bin', 'standpipe.js')

/** `standpipe broker` as a user starts it. Killed when the test ends. */
export class BrokerCommand {
  /** Its exit code, when all it said is there. */
  readonly exited: Promise<number | null>
  stdout = ''
  stderr = ''
  readonly #child

  constructor(args: readonly string[], cwd: string, node = process.execPath) {
    this.#child = spawn(node, [standpipe, 'broker', ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null)
    onTestFinished(async () => {
      this.kill('SIGKILL')
      await this.exited
    })
  }

  /** Its address, once it is ready. */
  async ready(): Promise<string> {
    let hasEnded = false
    void this.exited.then(() => (hasEnded = true))
    await until(() => this.stdout.includes('\n') || hasEnded)
    const [, address] = /^Broker ready at ([^,]+),/.exec(this.stdout) ?? []
    if (address === undefined) throw new Error(`The broker is not ready: ${this.stdout}${this.stderr}`)
    return address
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}
