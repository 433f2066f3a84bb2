import { expect, it } from 'vitest'
import { addressText } from '../../../src/api/host-port.ts'

it('writes an IPv6 address in brackets, so that its port can be told from it', () => {
  const addresses = ['localhost', '127.0.0.1', '::1'].map((host) => addressText({ host, port: 9092 }))
  expect(addresses).toEqual(['localhost:9092', '127.0.0.1:9092', '[::1]:9092'])
})
