import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DirectoryConfigProvider } from '../../../src/config-providers/directory-config-provider.ts'
import { EnvVarConfigProvider } from '../../../src/config-providers/env-var-config-provider.ts'
import { FileConfigProvider } from '../../../src/config-providers/file-config-provider.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

const keys = (...names: string[]) => new Set(names)

function scratch(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'providers-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

describe('FileConfigProvider', () => {
  it('gives the keys that the file has and leaves out the others', async () => {
    const directory = scratch({ 'a.properties': 'user=ü\npassword = p \n' })
    const provider = new FileConfigProvider()
    provider.configure({}, new CollectingLogger())
    expect([...(await provider.get(join(directory, 'a.properties'), keys('user', 'password', 'nope')))]).toEqual([
      ['user', 'ü'],
      ['password', 'p '],
    ])
  })

  it('fails with the path and the reason when the file cannot be read', async () => {
    const provider = new FileConfigProvider()
    provider.configure({}, new CollectingLogger())
    await expect(provider.get('/nowhere/a.properties', keys('k'))).rejects.toThrow(
      /^Could not read properties from file \/nowhere\/a.properties: ENOENT/,
    )
  })

  it('shows no text of a file with a malformed escape', async () => {
    const directory = scratch({ 'a.properties': 'db=hush\\u1' })
    const provider = new FileConfigProvider()
    provider.configure({}, new CollectingLogger())
    const error = await provider.get(join(directory, 'a.properties'), keys('db')).catch(String)
    expect(error).toMatch(/line 1, column 8/)
    expect(error).not.toContain('hush')
  })

  it('reads nothing outside of allowed.paths, not even through .., and says so', async () => {
    const directory = scratch({ 'a.properties': 'k=v' })
    mkdirSync(join(directory, 'in'))
    const log = new CollectingLogger()
    const provider = new FileConfigProvider()
    provider.configure({ 'allowed.paths': join(directory, 'in') }, log)
    expect(await provider.get(join(directory, 'in/../a.properties'), keys('k'))).toEqual(new Map())
    expect(log.lines[0]).toContain('is not allowed to be accessed')
  })

  it.each([
    ['relative', 'Path relative is not absolute'],
    ['/no/such/directory', 'Path /no/such/directory does not exist'],
  ])('refuses allowed.paths=%s', (path, message) => {
    expect(() => new FileConfigProvider().configure({ 'allowed.paths': path }, new CollectingLogger())).toThrow(message)
  })
})

describe('DirectoryConfigProvider', () => {
  it('gives the whole content of files by their name, line end included', async () => {
    const directory = scratch({ password: 's3cret\n', other: 'x' })
    mkdirSync(join(directory, 'folder'))
    const provider = new DirectoryConfigProvider()
    provider.configure({}, new CollectingLogger())
    expect([...(await provider.get(directory, keys('password', 'folder', 'nope')))]).toEqual([['password', 's3cret\n']])
  })

  it('passes over a link that leads nowhere', async () => {
    const directory = scratch({ password: 'x' })
    symlinkSync(join(directory, 'gone'), join(directory, 'token'))
    const provider = new DirectoryConfigProvider()
    provider.configure({}, new CollectingLogger())
    expect([...(await provider.get(directory, keys('password', 'token')))]).toEqual([['password', 'x']])
  })

  it('warns about a path that is no directory', async () => {
    const log = new CollectingLogger()
    const provider = new DirectoryConfigProvider()
    provider.configure({}, log)
    expect(await provider.get('/no/such', keys('k'))).toEqual(new Map())
    expect(log.lines).toEqual(['WARN The path /no/such is not a directory'])
  })
})

describe('EnvVarConfigProvider', () => {
  it('gives only variables that match allowlist.pattern as a whole', () => {
    const provider = new EnvVarConfigProvider({ DB_USER: 'u', MY_DB_USER: 'v' })
    provider.configure({ 'allowlist.pattern': 'DB_.*' })
    expect([...provider.get('', keys('DB_USER', 'MY_DB_USER'))]).toEqual([['DB_USER', 'u']])
  })

  it('reads allowlist.pattern in the syntax of Java', () => {
    const provider = new EnvVarConfigProvider({ DB_USER: 'u', 'DB-USER': 'v' })
    provider.configure({ 'allowlist.pattern': '\\p{Upper}{2}+_\\p{Upper}++' })
    expect([...provider.get('', keys('DB_USER', 'DB-USER'))]).toEqual([['DB_USER', 'u']])
  })

  it('takes no path', () => {
    const provider = new EnvVarConfigProvider({})
    provider.configure({})
    expect(() => provider.get('x', keys('A'))).toThrow("Path is not supported for EnvVarConfigProvider, invalid value 'x'")
  })

  it('names the parameter whose pattern cannot be read', () => {
    expect(() => new EnvVarConfigProvider({}).configure({ 'allowlist.pattern': '(' })).toThrow(
      'Invalid value ( for configuration allowlist.pattern',
    )
  })
})
