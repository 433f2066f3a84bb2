import { parseList } from '../api/config/config-type.ts'
import type { Props } from '../api/props.ts'

/** Options of the command line that change what the properties say. */
export interface BrokerFlags {
  readonly dir?: string | undefined
  readonly memory?: boolean | undefined
  readonly port?: string | undefined
  readonly sync?: string | undefined
}

const DEFAULT_DIR = 'standpipe-data'

/** The properties with what the command line says above them. @throws Error for an option that is none */
export function brokerProps(fileProps: Props, { port, sync, dir, memory }: BrokerFlags): Props {
  if (sync !== undefined && sync !== 'always') throw new Error(`--sync can be "always", not "${sync}"`)
  if (dir !== undefined && memory === true) throw new Error('--dir and --memory exclude each other')
  return {
    ...fileProps,
    ...(port === undefined ? {} : { listeners: withPort(fileProps['listeners'] ?? 'PLAINTEXT://127.0.0.1:9092', port) }),
    ...(sync === undefined ? {} : { 'log.flush.interval.messages': '1' }),
  }
}

/** Folders for the data; null: in memory. */
export function dataDirs(props: Props, { dir, memory }: BrokerFlags): readonly string[] | null {
  if (memory === true) return null
  const dirs = dir === undefined ? parseList(props['log.dirs'] ?? '') : [dir]
  return dirs.length === 0 ? [DEFAULT_DIR] : dirs
}

/** Of the first listener. */
function withPort(listeners: string, port: string): string {
  if (!/^\d+$/.test(port) || Number(port) > 65_535) throw new Error(`--port needs a number up to 65535, not ${port}`)
  return listeners.replace(/:\d+(?=\s*(,|$))/, `:${port}`)
}
