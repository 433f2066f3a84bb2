/**
 * The servers of the tests, by hand: `npm run services -- up|down|status [kafka|postgresql|elasticsearch-8|…]`.
 * Kafka comes up by itself, the others when they are named: search servers take a gigabyte each.
 * What is up is recorded in a file of its own per service, so that another shell can stop it.
 */
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir } from '../test/support/services/download.ts'
import { answersHealth } from '../test/support/services/elasticsearch-node.ts'
import { searchServers, searchServerVariables, startSearchServer, type SearchServerName } from '../test/support/services/elasticsearch.ts'
import { startKafka } from '../test/support/services/kafka.ts'
import { answersMetadata } from '../test/support/services/metadata-probe.ts'
import { answersPostgresql, startPostgresql } from '../test/support/services/postgresql.ts'
import { postgresqlNames, type PostgresqlName } from '../test/support/services/postgresql-program.ts'

interface RunningService {
  readonly address: string
  readonly pid: number
  readonly dir: string
}

interface Service {
  /** How a test run is pointed at this server. */
  readonly variable: string
  /** True: `up` without names leaves it down. */
  readonly onlyByName?: boolean
  start(): Promise<RunningService>
  answers(address: string): Promise<boolean>
}

const services: Readonly<Record<string, Service>> = {
  kafka: {
    variable: 'STANDPIPE_TEST_KAFKA',
    async start() {
      const { address, pid, dir } = await startKafka({ outlivesUs: true })
      if (pid === null) throw new Error('The Kafka broker ended as soon as it was ready.')
      return { address, pid, dir }
    },
    answers: answersMetadata,
  },
  ...Object.fromEntries(postgresqlNames.map((name) => [name, postgresqlService(name)])),
  ...Object.fromEntries((Object.keys(searchServers) as SearchServerName[]).map((name) => [name, searchService(name)])),
}

function postgresqlService(name: PostgresqlName): Service {
  return {
    variable: 'STANDPIPE_TEST_POSTGRES',
    onlyByName: true,
    async start() {
      const { address, pid, dir } = await startPostgresql({ name, outlivesUs: true })
      if (pid === null) throw new Error('PostgreSQL ended as soon as it was ready.')
      return { address, pid, dir }
    },
    answers: answersPostgresql,
  }
}

function searchService(name: SearchServerName): Service {
  return {
    variable: searchServerVariables[name],
    onlyByName: true,
    async start() {
      const { url, pid, dir } = await startSearchServer(name, { outlivesUs: true })
      if (pid === null) throw new Error(`${searchServers[name].name} ended as soon as it was ready.`)
      return { address: url, pid, dir }
    },
    answers: (url) => answersHealth(url),
  }
}

const runDir = join(cacheDir, 'run')

function recordOf(name: string): string {
  return join(runDir, `${name}.json`)
}

async function recorded(name: string): Promise<RunningService | null> {
  return existsSync(recordOf(name)) ? (JSON.parse(await readFile(recordOf(name), 'utf8')) as RunningService) : null
}

/** A pid may have been given to another process since: ours names its folder on the command line. */
async function isAlive({ pid, dir }: RunningService): Promise<boolean> {
  return existsSync(`/proc/${pid}/cmdline`) && (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(dir)
}

async function up(name: string, service: Service): Promise<void> {
  let running = await recorded(name)
  if (running === null || !(await isAlive(running))) {
    running = await service.start()
    await mkdir(runDir, { recursive: true })
    await writeFile(recordOf(name), JSON.stringify(running))
  }
  console.log(`${name} is up at ${running.address} (pid ${running.pid}, folder ${running.dir})`)
  console.log(`  for a test run: export ${service.variable}=${running.address}`)
}

async function down(name: string): Promise<void> {
  const running = await recorded(name)
  if (running === null) return console.log(`${name} is not up`)
  if (await isAlive(running)) {
    process.kill(running.pid, 'SIGTERM')
    while (await isAlive(running)) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await rm(running.dir, { recursive: true, force: true })
  await rm(recordOf(name))
  console.log(`${name} is down, its folder removed`)
}

async function status(name: string, service: Service): Promise<void> {
  const running = await recorded(name)
  if (running === null) return console.log(`${name} is not up`)
  const state = (await isAlive(running)) ? ((await service.answers(running.address)) ? 'is up' : 'runs but does not answer') : 'has ended'
  console.log(`${name} ${state} at ${running.address} (pid ${running.pid}, log in ${running.dir})`)
}

const [verb = '', ...names] = process.argv.slice(2)
const unknown = names.filter((name) => !(name in services))
if (!['up', 'down', 'status'].includes(verb) || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no service called ${unknown.join(', ')}.`)
  console.error(`Usage: npm run services -- up|down|status [${Object.keys(services).join('|')}]`)
  process.exit(2)
}
for (const [name, service] of Object.entries(services)) {
  if (names.length > 0 && !names.includes(name)) continue
  if (verb === 'up' && names.length === 0 && service.onlyByName === true) continue
  if (verb === 'up') await up(name, service)
  else if (verb === 'down') await down(name)
  else await status(name, service)
}
