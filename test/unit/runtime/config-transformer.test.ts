import { describe, expect, it } from 'vitest'
import { EnvVarConfigProvider } from '../../../src/config-providers/env-var-config-provider.ts'
import { ConfigTransformer } from '../../../src/runtime/config-transformer.ts'
import { CollectingLogger } from '../../support/fakes/collecting-logger.ts'

describe('ConfigTransformer', () => {
  it('asks a provider once for all keys of a path', async () => {
    const asked: unknown[] = []
    const provider = {
      configure: () => undefined,
      get: (path: string, keys: ReadonlySet<string>) => {
        asked.push([path, [...keys]])
        return new Map([['a', '1']])
      },
    }
    const result = await new ConfigTransformer(new Map([['p', provider]])).transform({ x: '${p:f:a}-${p:f:b}', y: '${p:f:a}', z: null })
    expect(result).toEqual({ x: '1-${p:f:b}', y: '1', z: null })
    expect(asked).toEqual([['f', ['a', 'b']]])
  })

  it('makes the providers that config.providers names, blanks around commas removed', async () => {
    const log = new CollectingLogger()
    class Provider extends EnvVarConfigProvider {
      constructor() {
        super({ A: '1' })
      }
    }
    const props = { 'config.providers': 'env , other', 'config.providers.env.class': 'EnvVarConfigProvider', k: '${env:A}${other:A}' }
    const transformer = await ConfigTransformer.fromWorkerProps(props, async () => Provider, log)
    expect((await transformer.transform(props)).k).toBe('1${other:A}')
    expect(log.lines).toEqual(['WARN config.providers names other, but config.providers.other.class is not set: ${other:…} stays as it is'])
  })

  it('names the key of a provider class that cannot be found', async () => {
    const props = { 'config.providers': 'v', 'config.providers.v.class': 'com.Vault' }
    await expect(ConfigTransformer.fromWorkerProps(props, async () => null, new CollectingLogger())).rejects.toThrow(
      'Invalid value com.Vault for configuration config.providers.v.class: Class com.Vault could not be found.',
    )
  })
})
