import { describe, expect, it } from 'vitest'
import { clientOptions } from '../../../../../connectors/elasticsearch/client/client-options.ts'
import { readElasticsearchSinkSettings } from '../../../../../connectors/elasticsearch/config/settings.ts'
import { baseProps } from '../../../../support/elasticsearch-records.ts'

const optionsOf = (props: Readonly<Record<string, string>>) =>
  clientOptions(readElasticsearchSinkSettings({ ...baseProps, ...props }).connection)

describe('options of the client', () => {
  it.each([
    ['60000', 60_000],
    ['0', 1],
    ['-1', 2 ** 31 - 1],
  ])('keep an idle connection for max.connection.idle.time.ms=%s', async (idle, ms) => {
    const options = await optionsOf({ 'max.connection.idle.time.ms': idle })
    expect(options.agent).toEqual({ keepAliveTimeout: ms, keepAliveMaxTimeout: ms })
  })

  it('wait for a connection as long as connection.timeout.ms says, with and without TLS', async () => {
    expect((await optionsOf({ 'connection.timeout.ms': '7' })).tls).toEqual({ timeout: 7 })
    const secure = await optionsOf({ 'connection.timeout.ms': '7', 'connection.url': 'https://localhost:9200' })
    expect(secure.tls).toMatchObject({ timeout: 7, minVersion: 'TLSv1.2' })
  })

  it('wait for an answer as long as read.timeout.ms says, and without end for 0', async () => {
    expect((await optionsOf({ 'read.timeout.ms': '7' })).requestTimeout).toBe(7)
    expect(await optionsOf({ 'read.timeout.ms': '0' })).not.toHaveProperty('requestTimeout')
  })

  it('ask each node once', async () => {
    expect((await optionsOf({ 'connection.url': 'a:1,b:2,c:3' })).maxRetries).toBe(2)
  })
})
