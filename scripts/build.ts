/**
 * Bundles the program into dist: one file per entry point plus the chunks they share, so that `standpipe/api` is one module
 * (and its classes are the same classes) for the worker, for its built-in connectors and for a plugin from elsewhere.
 */
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { build, type BuildOptions, type BuildResult, type Plugin } from 'esbuild'
import packageJson from '../package.json' with { type: 'json' }
import { thirdPartyNotices } from './third-party-notices.ts'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')

const ENTRY_POINTS: Readonly<Record<string, string>> = {
  index: 'src/index.ts',
  api: 'src/api/index.ts',
  kafka: 'src/kafka/index.ts',
  lane: 'src/lane.ts',
  testing: 'src/testing.ts',
  'cli/connect-standalone': 'src/cli/connect-standalone.ts',
  'cli/standpipe': 'src/cli/standpipe.ts',
}

/**
 * The broker when it is a program or a thread of its own: no plugin shares classes with it, so it shares no chunks. It starts faster for that, for
 * each file that is loaded takes half a millisecond.
 */
const BROKER_ENTRY_POINTS: Readonly<Record<string, string>> = {
  'cli/commands/broker': 'src/cli/commands/broker.ts',
  'broker-thread': 'src/broker-thread.ts',
}

/** Per command of package.json's `bin`: the function of `dist/cli/<command>.js` that takes the arguments and gives the exit code. */
const MAIN_FUNCTIONS: Readonly<Record<keyof typeof packageJson.bin, string>> = {
  'connect-standalone': 'runConnectStandalone',
  standpipe: 'main',
}

/** CommonJS packages in the bundle ask for Node's own modules by `require`, which an ES module does not have. esbuild's helper takes this one. */
const REQUIRE = `let nodeRequire; const require = (id) => (nodeRequire ??= process.getBuiltinModule('node:module').createRequire(import.meta.url))(id);`
const usesRequire = (javaScript: string) => javaScript.includes('typeof require !== "undefined"')

function present(entryPoints: Readonly<Record<string, string>>): Record<string, string> {
  const isPresent = ([output, source]: [string, string]) => {
    if (existsSync(join(root, source))) return true
    console.log(`build: ${source} does not exist, dist/${output}.js is left out`)
    return false
  }
  return Object.fromEntries(Object.entries(entryPoints).filter(isPresent))
}

/** `standpipe broker` is loaded from the other bundle. */
const brokerCommandIsApart: Plugin = {
  name: 'broker-command',
  setup: (build) => build.onResolve({ filter: /^\.\/commands\/broker\.ts$/ }, () => ({ path: './commands/broker.js', external: true })),
}

function bundle(options: BuildOptions): Promise<BuildResult<{ write: false; metafile: true }>> {
  return build({
    ...options,
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    conditions: ['standpipe:source'],
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
    metafile: true,
  })
}

/** The version check comes before the bundle is loaded, because an old Node may not be able to parse it. */
function bin(command: string, main: string): string {
  const [major, minor] = packageJson.engines.node.replace('>=', '').split('.').map(Number)
  return `#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < ${major} || (major === ${major} && minor < ${minor})) {
  process.stderr.write(\`${command} needs Node.js ${major}.${minor} or newer, and this is \${process.version}. Install a newer one from https://nodejs.org/\\n\`)
  process.exit(1)
}
const { enableCompileCache, flushCompileCache } = process.getBuiltinModule('node:module')
enableCompileCache()
setTimeout(flushCompileCache, 2000).unref() // otherwise a process that is killed leaves no cache
const { ${main}, useHeapSettings } = await import('../cli/${command}.js')
useHeapSettings?.()
process.exitCode = await ${main}(process.argv.slice(2))
`
}

async function writeBins(entryPoints: Record<string, string>): Promise<void> {
  await mkdir(join(dist, 'bin'), { recursive: true })
  for (const [command, main] of Object.entries(MAIN_FUNCTIONS)) {
    if (!(`cli/${command}` in entryPoints)) continue
    const file = join(dist, 'bin', `${command}.js`)
    await writeFile(file, bin(command, main))
    await chmod(file, 0o755)
  }
}

/** In ASCII: only comments have other characters, esbuild escapes those of code. A file with one of them takes twice the memory as V8's string. */
function finished(javaScript: Uint8Array): string {
  const ascii = Buffer.from(javaScript)
    .toString()
    .replace(/[^\0-\x7f]/gu, '?')
  return usesRequire(ascii) ? REQUIRE + ascii : ascii
}

async function removeStaleChunks(written: ReadonlySet<string>): Promise<void> {
  const chunks = join(dist, 'chunks')
  if (!existsSync(chunks)) return
  for (const name of await readdir(chunks)) {
    if (!written.has(join(chunks, name))) await rm(join(chunks, name))
  }
}

const entryPoints = present(ENTRY_POINTS)
const brokerEntryPoints = present(BROKER_ENTRY_POINTS)
const bundles = await Promise.all([
  bundle({ entryPoints, plugins: [brokerCommandIsApart] }),
  bundle({ entryPoints: brokerEntryPoints }),
]).catch(() => process.exit(1)) // esbuild has printed what is wrong and where
const outputFiles = bundles.flatMap((result) => result.outputFiles)
for (const { path, contents } of outputFiles) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, path.endsWith('.js') ? finished(contents) : contents)
}
await writeBins(entryPoints)
await writeFile(
  join(dist, 'THIRD-PARTY-NOTICES.txt'),
  await thirdPartyNotices(
    bundles.map(({ metafile }) => metafile),
    root,
  ),
)
await removeStaleChunks(new Set(outputFiles.map(({ path }) => path)))
const kilobytes = outputFiles.filter(({ path }) => path.endsWith('.js')).reduce((sum, { contents }) => sum + contents.length, 0) / 1024
console.log(`build: ${Object.keys({ ...entryPoints, ...brokerEntryPoints }).length} entry points, ${Math.round(kilobytes)} KB in dist`)
