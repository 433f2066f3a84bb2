import { ConfigException } from '../api/errors.ts'
import type { NullableProps } from '../api/config/prefix.ts'
import type { Logger } from '../api/logger.ts'
import type { Props } from '../api/props.ts'
import type { Herder } from '../runtime/herder.ts'
import { InvalidConnectorConfigException } from '../runtime/invalid-connector-config-exception.ts'
import type { TargetState } from '../runtime/state.ts'
import { readConnectorFile, type ConnectorFile, type InitialState } from './connector-file.ts'

/**
 * Creates the connectors of the command line, in order. What is wrong with a file is logged with its place.
 * @param goesOn asked after each file: whether to look at the next one
 * @returns whether every file that was looked at could be used
 */
export async function createConnectors(
  herder: Herder,
  files: readonly string[],
  { log, goesOn }: { readonly log: Logger; readonly goesOn: (isCreated: boolean) => boolean },
): Promise<boolean> {
  let allCreated = true
  for (const file of files) {
    const isCreated = await createConnector(herder, file, log)
    allCreated &&= isCreated
    if (!goesOn(isCreated)) break
  }
  return allCreated
}

async function createConnector(herder: Herder, file: string, log: Logger): Promise<boolean> {
  let lines: ConnectorFile['lines'] = null
  try {
    const connector = await readConnectorFile(file)
    lines = connector.lines
    const config = withoutNulls(connector.config)
    const { name } = await herder.putConnectorConfig(connector.name ?? '', config, { initialState: targetStateOf(connector.initialState) })
    log.info(`Created connector ${name} of ${file}`)
    return true
  } catch (error) {
    if (error instanceof InvalidConnectorConfigException) log.error(invalidConnectorFileText(file, error, lines))
    else log.error(`Failed to create connector for ${file}; other connectors are not affected`, error)
    return false
  }
}

/** Every problem with the line it is on: what a person needs to mend the file. */
function invalidConnectorFileText(file: string, { problems }: InvalidConnectorConfigException, lines: ConnectorFile['lines']): string {
  const places = problems.map(({ key, message }) => {
    const line = lines?.get(key)
    return `  ${message} (${file}${line === undefined ? '' : `, line ${line}`})`
  })
  return [
    `Failed to create connector for ${file}; other connectors are not affected. Its configuration has ${problems.length} error(s):`,
    ...places,
  ].join('\n')
}

/** A configuration holds texts; Java refuses a null when it creates the connector. */
function withoutNulls(config: NullableProps): Props {
  const nullKey = Object.keys(config).find((key) => config[key] === null)
  if (nullKey !== undefined)
    throw new ConfigException(`Non-string value found in original settings for key ${nullKey}: null. Leave the key out, or give it a text`)
  return config as Props
}

function targetStateOf(initialState: InitialState | null): TargetState {
  return initialState === null || initialState === 'RUNNING' ? 'STARTED' : initialState
}
