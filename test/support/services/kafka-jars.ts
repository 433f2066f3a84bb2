import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir, cached, maven, requireProgram } from './download.ts'
import { orSkipTest } from './or-skip-test.ts'

const KAFKA_VERSION = '4.3.1'
const KAFKA = `Apache Kafka ${KAFKA_VERSION}`

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
  await orSkipTest(() => requireProgram(KAFKA, 'java', ['-version'], 'openjdk-17-jdk-headless'))
  const home = join(cacheDir, `kafka-${KAFKA_VERSION}`)
  await cached(KAFKA, join(home, 'libs'), copyDependencies)
  await cached(KAFKA, join(home, 'plugins'), copyFileConnectors)
  return { classPath: join(home, 'libs', '*'), pluginPath: join(home, 'plugins') }
}

async function copyDependencies(scratch: string): Promise<string> {
  const pom = join(scratch, 'pom.xml')
  await copyFile(join(import.meta.dirname, 'kafka', 'pom.xml'), pom)
  const libs = join(scratch, 'libs')
  await maven(KAFKA, '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${libs}`)
  return libs
}

async function copyFileConnectors(scratch: string): Promise<string> {
  const plugins = join(scratch, 'plugins')
  const artifact = `org.apache.kafka:connect-file:${KAFKA_VERSION}`
  await maven(KAFKA, 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${join(plugins, 'connect-file')}`)
  return plugins
}
