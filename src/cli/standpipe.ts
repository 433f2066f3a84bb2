import { standpipeVersion } from '../version.ts'

/** A verb of `standpipe`, one module in `commands/`, loaded when it is called. */
export interface Command {
  /** @returns the exit code */
  run(argv: readonly string[]): Promise<number>
}

const commands: ReadonlyMap<string, { readonly summary: string; readonly load: () => Promise<Command> }> = new Map([
  [
    'run',
    { summary: 'run a standalone worker (the same as connect-standalone)', load: async () => (await import('./commands/run.ts')).command },
  ],
  [
    'broker',
    {
      summary: 'run a broker with Kafka’s protocol, for demos, tests and laptops',
      load: async () => (await import('./commands/broker.ts')).command,
    },
  ],
  [
    'offsets',
    { summary: 'list or export the source offsets of an offset file', load: async () => (await import('./commands/offsets.ts')).command },
  ],
])

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const [verb, ...rest] = argv
  if (verb === '--version') return say(standpipeVersion)
  if (verb === undefined || verb === '--help') return say(usage())
  const command = commands.get(verb)
  if (command !== undefined) return (await command.load()).run(rest)
  process.stderr.write(`standpipe: there is no verb ${verb}\n${usage()}\n`)
  return 1
}

function say(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function usage(): string {
  const verbs = Array.from(commands, ([verb, { summary }]) => `  ${verb.padEnd(10)} ${summary}`)
  return ['usage: standpipe <verb> [options]', '', ...verbs, '', 'standpipe <verb> --help tells more. --version prints the version.'].join(
    '\n',
  )
}
