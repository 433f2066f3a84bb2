import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { ConnectException } from '../../api/errors.ts'
import { isJavaOffsetFile, readJavaOffsetFile, writeJavaOffsetFile } from '../../offsets/java-offset-file.ts'
import type { OffsetEntry } from '../../offsets/offset-backing-store.ts'
import { isOffsetJournal, readOffsetJournal } from '../../offsets/offset-journal.ts'
import { offsetValue, parseOffsetKey } from '../../offsets/offset-json.ts'
import type { Command } from '../standpipe.ts'

const usage = `usage: standpipe offsets list [--json] FILE
       standpipe offsets export --format java|json [-o OUT] FILE

Shows source offsets that a worker keeps in FILE (offset.storage.file.filename), ours or one of Java's Kafka Connect.
The worker may be running; the file is only read.

  list      one line an offset: connector, partition, offset; '(reset)' where it was reset
  export    java: the file that Java's connect-standalone reads; json: as list --json

  --json        print JSON: [{"connector":…,"partition":{…},"offset":{…}|null}, …]
  -f, --format  java or json
  -o, --output  file to write, which must not exist; default: standard output
  --help        print this`

const options = {
  json: { type: 'boolean' },
  format: { type: 'string', short: 'f' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean' },
} as const

/** `standpipe offsets`. Exit codes: 0, or 1 with a message on standard error. */
export const command: Command = {
  async run(argv) {
    try {
      await runOffsets(argv)
      return 0
    } catch (error) {
      process.stderr.write(`standpipe offsets: ${error instanceof Error ? error.message : String(error)}\n`)
      return 1
    }
  },
}

async function runOffsets(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
  if (values.help === true) return write(`${usage}\n`)
  const [action, file, ...rest] = positionals
  if (file === undefined || rest.length > 0) throw new Error(`name one action and one file\n${usage}`)
  switch (action) {
    case 'list':
      return write(values.json === true ? jsonOf(await readOffsets(file)) : listOf(await readOffsets(file)))
    case 'export':
      return writeOutput(exported(await readOffsets(file), values.format), values.output)
    default:
      throw new Error(`there is no action ${String(action)}\n${usage}`)
  }
}

/** The entries of an offset file. The torn end of a commit, perhaps one being written just now, is left out. */
async function readOffsets(file: string): Promise<readonly OffsetEntry[]> {
  const bytes = await readFile(file)
  if (bytes.length === 0) return []
  if (isJavaOffsetFile(bytes)) return readJavaOffsetFile(bytes, file)
  if (!isOffsetJournal(bytes)) throw new ConnectException(`${file} is neither an offset journal nor an offset file of Kafka Connect`)
  const latest = new Map(readOffsetJournal(bytes, file).entries.map((entry) => [entry.key?.toString('latin1') ?? null, entry]))
  return [...latest.values()]
}

function exported(entries: readonly OffsetEntry[], format: string | undefined): Buffer {
  if (format === 'java') return writeJavaOffsetFile(entries)
  if (format === 'json') return Buffer.from(jsonOf(entries))
  throw new Error(`--format must be java or json${format === undefined ? '' : `, not ${format}`}`)
}

function jsonOf(entries: readonly OffsetEntry[]): string {
  const items = entries.map(({ key, value }) => {
    const parsed = parseOffsetKey(key)
    const offset = value === null ? 'null' : jsonText(value)
    if (parsed === null) return `{"key":${JSON.stringify(String(key))},"value":${offset}}`
    return `{"connector":${JSON.stringify(parsed.connector)},"partition":${String(offsetValue(parsed.partition))},"offset":${offset}}`
  })
  return items.length === 0 ? '[]\n' : `[\n  ${items.join(',\n  ')}\n]\n`
}

/** A value that is no JSON is shown as a text. */
function jsonText(value: Buffer): string {
  const text = value.toString()
  try {
    JSON.parse(text)
    return text
  } catch (error) {
    if (error instanceof SyntaxError) return JSON.stringify(text)
    throw error
  }
}

function listOf(entries: readonly OffsetEntry[]): string {
  const lines = entries.map(({ key, value }) => {
    const parsed = parseOffsetKey(key)
    const name = parsed === null ? `(unknown key) ${String(key)}` : `${parsed.connector}  ${String(offsetValue(parsed.partition))}`
    return `${name}  ${value?.toString() ?? '(reset)'}\n`
  })
  return lines.sort().join('')
}

async function writeOutput(bytes: Buffer, output: string | undefined): Promise<void> {
  if (output === undefined) return write(bytes)
  try {
    await writeFile(output, bytes, { flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new Error(`${output} exists already; name a new file, or move that one away`, { cause: error })
  }
}

function write(content: string | Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  process.stdout.write(content, (error) => (error === null || error === undefined ? resolve() : reject(error)))
  return promise
}
