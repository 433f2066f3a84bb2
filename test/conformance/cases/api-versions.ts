import { describe, expect, it } from 'vitest'
import { apiName } from '../../../src/broker/protocol/codec.ts'
import { Errors } from '../../../src/broker/protocol/errors.ts'
import { API_KEYS } from '../../../src/broker/protocol/messages.ts'
import { framed, requestHeader } from '../../support/raw-client.ts'
import type { Stage } from '../target.ts'
import { SERVED, versions, type ServedApi } from '../versions.ts'

const software = { clientSoftwareName: 'conformance', clientSoftwareVersion: '1.0' }

export function apiVersionsCases(stage: Stage): void {
  describe('ApiVersions', () => {
    it.each(versions('ApiVersions'))('lists every API with the versions that are served (version %i)', async (version) => {
      const raw = await stage.connect()
      const { errorCode, apiKeys } = await raw.send('ApiVersions', version, software)
      expect(errorCode).toBe(0)
      const served = new Map(apiKeys.map(({ apiKey, ...range }) => [apiName(apiKey), range]))
      for (const api of Object.keys(SERVED) as ServedApi[]) {
        const range = served.get(api)
        expect(range, api).toBeDefined()
        expect(range!.minVersion, api).toBeLessThanOrEqual(SERVED[api][0])
        expect(range!.maxVersion, api).toBeGreaterThanOrEqual(SERVED[api][1])
      }
    })

    it('lists Produce from version 0, without which librdkafka does not compress', async () => {
      const raw = await stage.connect()
      const { apiKeys } = await raw.send('ApiVersions', 0, {})
      expect(apiKeys.find(({ apiKey }) => apiKey === API_KEYS.Produce)).toMatchObject({ minVersion: 0 })
    })

    it('answers a version it does not know in version 0, with the versions of ApiVersions', async () => {
      const raw = await stage.connect()
      const answer = await raw.exchange(framed(requestHeader(API_KEYS.ApiVersions, 99, 5).noTags()), 5)
      expect(answer.toString('hex')).toBe('0023' + '00000001' + '0012' + '0000' + '0004')
      expect(await raw.send('ApiVersions', 4, software)).toMatchObject({ errorCode: 0 })
    })

    it.each(['', '-a', 'a b', 'a-'])('refuses the client software name "%s"', async (clientSoftwareName) => {
      const raw = await stage.connect()
      const answer = await raw.send('ApiVersions', 3, { ...software, clientSoftwareName })
      expect(answer.errorCode).toBe(Errors.INVALID_REQUEST)
    })
  })

  describe('what is no request', () => {
    it.each([
      ['an API that does not exist', framed(requestHeader(9999, 0, 1))],
      ['a version that does not exist', framed(requestHeader(API_KEYS.Fetch, 99, 1).noTags())],
      ['a version that is too old', framed(requestHeader(API_KEYS.Produce, 2, 1).int16(-1).int32(1000).int32(0))],
      ['a body that ends too soon', framed(requestHeader(API_KEYS.ListOffsets, 1, 1))],
      ['an array longer than its bytes', framed(requestHeader(API_KEYS.ListOffsets, 1, 1).int32(-1).int32(2_000_000_000))],
      ['a length that is too large', Buffer.from('7fffffff00120000', 'hex')],
      ['a length below zero', Buffer.from('ffffffff00120000', 'hex')],
      ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ])('ends the connection that sends %s, and no other', async (_, bytes) => {
      const [bad, good] = [await stage.connect(), await stage.connect()]
      bad.write(bytes)
      await bad.closed
      expect(await good.send('ApiVersions', 0, {})).toMatchObject({ errorCode: 0 })
    })

    it('takes a request that comes byte by byte', async () => {
      const raw = await stage.connect()
      const frame = framed(requestHeader(API_KEYS.ApiVersions, 0, 7))
      const answer = raw.exchange(frame.subarray(0, 1), 7)
      for (const byte of frame.subarray(1)) {
        raw.write(Buffer.from([byte]))
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect((await answer).readInt16BE(0)).toBe(0)
    })

    it('answers requests that come together, in their order', async () => {
      const raw = await stage.connect()
      const answers = await Promise.all([0, 1, 2, 3, 4].map((version) => raw.send('ApiVersions', version, software)))
      expect(answers.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, 0, 0])
    })

    it.each(versions('SaslHandshake'))('has no use for SaslHandshake %i on a listener without SASL', async (version) => {
      const raw = await stage.connect()
      expect(await raw.send('SaslHandshake', version, { mechanism: 'PLAIN' })).toMatchObject({ errorCode: Errors.ILLEGAL_SASL_STATE })
    })

    it.each(versions('SaslAuthenticate'))('has no use for SaslAuthenticate %i on a listener without SASL', async (version) => {
      const raw = await stage.connect()
      const answer = await raw.send('SaslAuthenticate', version, { authBytes: Buffer.alloc(0) })
      expect(answer).toMatchObject({
        errorCode: Errors.ILLEGAL_SASL_STATE,
        errorMessage: 'SaslAuthenticate request received after successful authentication',
      })
    })
  })
}
