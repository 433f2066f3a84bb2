import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ServerProcess } from '../test/support/services/server-process.ts'
import { spawnConnectJava } from '../test/support/services/connect-java.ts'

/** A running worker of either side. */
export interface MeasuredWorker {
  readonly server: ServerProcess
  stop(): Promise<void>
}

/** One of the two programs compared: it runs a worker file and connector files, which are the same for both. */
export interface WorkerSide {
  readonly name: string
  start(dir: string, worker: string, connectors: readonly string[]): Promise<MeasuredWorker>
}

const bin = resolve(import.meta.dirname, '../dist/bin/connect-standalone.js')

/** @param nodeOptions such as --cpu-prof, given to Node before the program */
export function standpipeSide(nodeOptions: readonly string[]): WorkerSide {
  return {
    name: 'standpipe',
    async start(dir, worker, connectors) {
      const args = [...nodeOptions, bin, worker, ...connectors]
      const server = await ServerProcess.start({ command: process.execPath, args, cwd: dir, logFile: join(dir, 'standpipe.log') })
      return { server, stop: () => server.stop() }
    },
  }
}

export const javaConnectSide: WorkerSide = {
  name: 'Java Connect 4.3.1',
  async start(_dir, worker, connectors) {
    return spawnConnectJava({ worker, connectors })
  },
}

/** A property file: keys and texts. */
export type Properties = Readonly<Record<string, string>>

export async function writeProperties(file: string, properties: Properties): Promise<string> {
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`)
  await writeFile(file, lines.join(''))
  return file
}
