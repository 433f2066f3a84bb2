import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const bin = (command: string) => join(root, 'dist/bin', `${command}.js`)

describe('the bundle in dist', () => {
  it.each(['connect-standalone', 'standpipe'])('%s says in words that Node is too old, before it loads anything', async (command) => {
    const oldNode = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '22.18.0' })`

    const refusal = run(process.execPath, ['--import', oldNode, bin(command), '--version'])

    await expect(refusal).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(`^${command} needs Node.js 22.19 or newer`) as string,
    })
  })

  it.each(['connect-standalone', 'standpipe'])('%s prints its version', async (command) => {
    const { stdout } = await run(process.execPath, [bin(command), '--version'])

    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each(['Elasticsearch', 'Jdbc'])('is all that the %s sink needs: no package beside it', async (kind) => {
    const dir = await mkdtemp(join(tmpdir(), 'standpipe-alone-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    await cp(join(root, 'dist'), join(dir, 'dist'), { recursive: true })
    await cp(join(root, 'package.json'), join(dir, 'package.json'))
    const converter = 'org.apache.kafka.connect.json.JsonConverter'
    const worker = `bootstrap.servers=127.0.0.1:1\nkey.converter=${converter}\nvalue.converter=${converter}\noffset.storage.file.filename=${dir}/offsets`
    await writeFile(join(dir, 'worker.properties'), worker)
    await writeFile(join(dir, 'sink.properties'), `name=s\nconnector.class=${kind}SinkConnector\ntopics=t\n`)

    const refusal = run(
      process.execPath,
      [join(dir, 'dist/bin/connect-standalone.js'), '--strict', 'worker.properties', 'sink.properties'],
      {
        cwd: dir,
      },
    )

    const asksForUrl = expect.stringContaining('Missing required configuration "connection.url"') as string
    await expect(refusal).rejects.toMatchObject({ code: 3, stderr: asksForUrl })
  })

  it('starts a broker from a handful of files, with what it needs of Node only', async () => {
    const told = `import { registerHooks } from 'node:module'
      const files = []
      registerHooks({ load: (url, context, next) => { if (url.startsWith('file:')) files.push(url); return next(url, context) } })
      process.on('exit', () => process.stderr.write(JSON.stringify({ files, builtins: process.moduleLoadList })))`
    const dir = await mkdtemp(join(tmpdir(), 'standpipe-start-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    const args = ['--import', `data:text/javascript,${encodeURIComponent(told)}`, bin('standpipe'), 'broker', '--dir', dir, '--port', '0']
    const broker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const [ready] = (await once(broker.stdout, 'data')) as [Buffer]
    broker.kill()
    const errors = await text(broker.stderr)

    const { files, builtins } = JSON.parse(errors.slice(errors.indexOf('{'))) as { files: string[]; builtins: string[] }
    expect(String(ready)).toMatch(/^Broker ready/)
    expect(files.length).toBeLessThanOrEqual(7)
    expect(builtins).not.toEqual(expect.arrayContaining([expect.stringMatching(/^NativeModule (crypto|zlib|tls)$/)]))
  })

  it('comes with the licences of the packages whose code is in it', async () => {
    const notices = await readFile(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8')
    for (const name of ['@elastic/transport', 'kafkajs', 'pg', 'pino', 'undici'])
      expect(notices).toMatch(new RegExp(`^## ${name} \\d`, 'm'))
    expect(notices).toContain('Copyright (c) 2010 - 2021 Brian Carlson')
  })

  it('gives a plugin from elsewhere the same classes as the program itself', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'standpipe-plugin-'))
    onTestFinished(() => rm(dir, { recursive: true }))
    await mkdir(join(dir, 'node_modules'))
    await symlink(root, join(dir, 'node_modules/standpipe'))
    await writeFile(join(dir, 'plugin.mjs'), `export { ConnectException } from 'standpipe/api'`)
    const program = `
      const plugin = await import(${JSON.stringify(pathToFileURL(join(dir, 'plugin.mjs')).href)})
      const api = await import(${JSON.stringify(pathToFileURL(join(root, 'dist/api.js')).href)})
      console.log(plugin.ConnectException === api.ConnectException)`

    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program])

    expect(stdout).toBe('true\n')
  })
})
