import { setTimeout as delay } from 'node:timers/promises'
import { ConnectException, Password, type ConfigValue, type Logger, type Props } from 'standpipe/api'
import { PgConnection } from '../../dialect/connection.ts'
import type { ConnectionSettings } from '../../dialect/connection-settings.ts'
import type { SinkFamily } from './definitions.ts'
import { connectionOf, readQuoting } from './settings.ts'

const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

/** Tries the connection, where its keys are right by themselves; what is wrong with it is an error of the URL, as in Java. */
export async function validateWithServer(
  values: readonly ConfigValue[],
  props: Props,
  family: SinkFamily,
): Promise<readonly ConfigValue[]> {
  const byName = new Map(values.map((value) => [value.name, value]))
  const url = byName.get('connection.url')
  const isConnectionWrong = values.some(({ name, errorMessages }) => isOfConnection(name) && errorMessages.length > 0)
  if (url === undefined || isConnectionWrong) return values
  const user = byName.get(family === 'debezium' ? 'connection.username' : 'connection.user')?.value
  const password = byName.get('connection.password')?.value
  try {
    const quoting = byName.get('quote.sql.identifiers')?.value
    if (typeof quoting === 'string') readQuoting(quoting)
    const settings = connectionOf(props, family, typeof user === 'string' ? user : null, password instanceof Password ? password : null)
    await tryConnection(settings, numberOf(byName, 'connection.attempts', 1), numberOf(byName, 'connection.backoff.ms', 0))
  } catch (error) {
    if (!(error instanceof ConnectException)) throw error
    url.addError(`Could not connect to database. ${error.message}`)
  }
  return values
}

async function tryConnection(settings: ConnectionSettings, attempts: number, backoffMs: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = await PgConnection.open(settings, { log: quiet })
      return await connection.close()
    } catch (error) {
      if (attempt >= attempts) throw error
      await delay(Math.max(0, backoffMs))
    }
  }
}

function isOfConnection(name: string): boolean {
  return name.startsWith('connection.') || name === 'dialect.name'
}

function numberOf(byName: ReadonlyMap<string, ConfigValue>, key: string, otherwise: number): number {
  const value = byName.get(key)?.value
  return typeof value === 'number' ? value : otherwise
}
