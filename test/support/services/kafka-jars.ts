import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const KAFKA_VERSION = '4.3.1'

const MAVEN_TIMEOUT_MS = 10 * 60_000

/** Where servers are kept between runs; outside the tree. */
export const cacheDir = join(homedir(), '.cache', 'standpipe')

export interface KafkaJars {
  /** Class path of broker, tools and Connect. */
  readonly classPath: string
  /** `plugin.path` with Apache's file connectors, apart from the class path as on a real installation. */
  readonly pluginPath: string
}

/**
 * Jars of Apache Kafka 4.3.1, fetched by Maven when they are not in the cache (55 MB, 12 s).
 * @throws Error that says what is missing on this machine
 */
export async function kafkaJars(): Promise<KafkaJars> {
  await requireProgram('java', ['-version'], 'openjdk-17-jdk-headless')
  const home = join(cacheDir, `kafka-${KAFKA_VERSION}`)
  if (!existsSync(join(home, 'libs'))) await fetchInto(home, 'libs', copyDependencies)
  if (!existsSync(join(home, 'plugins'))) await fetchInto(home, 'plugins', copyFileConnectors)
  return { classPath: join(home, 'libs', '*'), pluginPath: join(home, 'plugins') }
}

async function requireProgram(program: string, args: readonly string[], debianPackage: string): Promise<void> {
  try {
    await run(program, args)
  } catch (error) {
    throw new Error(`Apache Kafka needs the program ${program}: apt-get install ${debianPackage}`, { cause: error })
  }
}

/** A folder is complete or absent: it gets its name only when Maven has ended well. */
async function fetchInto(home: string, folder: string, fetch: (pom: string, output: string) => Promise<unknown>): Promise<void> {
  await requireProgram('mvn', ['-v'], 'maven')
  await mkdir(home, { recursive: true })
  const work = await mkdtemp(join(home, 'fetch-'))
  try {
    const pom = join(work, 'pom.xml')
    await copyFile(join(import.meta.dirname, 'kafka', 'pom.xml'), pom)
    await fetch(pom, join(work, folder))
    await rename(join(work, folder), join(home, folder))
  } catch (error) {
    if (!existsSync(join(home, folder)))
      throw new Error(`Apache Kafka ${KAFKA_VERSION} could not be fetched by Maven: ${String(error)}`, { cause: error })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function copyDependencies(pom: string, output: string): Promise<unknown> {
  return maven('-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${output}`)
}

function copyFileConnectors(pom: string, output: string): Promise<unknown> {
  const artifact = `org.apache.kafka:connect-file:${KAFKA_VERSION}`
  return maven('-f', pom, 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${join(output, 'connect-file')}`)
}

function maven(...args: string[]): Promise<unknown> {
  return run('mvn', ['-B', '-q', ...args], { timeout: MAVEN_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 })
}
