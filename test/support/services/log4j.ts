import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Writes a configuration that logs to standard output into `dir`. @returns the JVM's option that names it */
export async function log4jOption(dir: string, level: 'INFO' | 'WARN'): Promise<string> {
  const file = join(dir, 'log4j2.properties')
  await writeFile(
    file,
    `status = error
appender.console.type = Console
appender.console.name = STDOUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = ${level}
rootLogger.appenderRef.stdout.ref = STDOUT
`,
  )
  return `-Dlog4j2.configurationFile=${file}`
}
