import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { parseBrokerSettings } from '../../../../src/broker/config/broker-config.ts'
import { advertisedEndpoint, configuredListeners } from '../../../../src/broker/config/listeners.ts'

const listenersOf = (props: Record<string, string>) => configuredListeners(parseBrokerSettings(props), props)

describe('listeners', () => {
  it('are on this machine alone unless told otherwise', () => {
    expect(listenersOf({})).toEqual([{ name: 'PLAINTEXT', host: '127.0.0.1', port: 9092, protocol: 'PLAINTEXT', advertised: null }])
  })

  it('have the protocols of the map, and addresses to advertise', () => {
    const listeners = listenersOf({
      listeners: 'internal://127.0.0.1:0, EXTERNAL://[::1]:9093',
      'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:SASL_SSL',
      'advertised.listeners': 'EXTERNAL://broker.example:443',
    })
    expect(listeners).toMatchObject([
      { name: 'INTERNAL', protocol: 'PLAINTEXT', host: '127.0.0.1' },
      { name: 'EXTERNAL', protocol: 'SASL_SSL', host: '::1', port: 9093 },
    ])
    expect(listeners.map((listener) => advertisedEndpoint(listener, 5555))).toEqual([
      { host: '127.0.0.1', port: 5555 },
      { host: 'broker.example', port: 443 },
    ])
  })

  it('leave those of a controller out', () => {
    const props = { listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093', 'controller.listener.names': 'CONTROLLER' }
    expect(listenersOf(props).map(({ name }) => name)).toEqual(['PLAINTEXT'])
  })

  it.each(['PLAINTEXT://:1', 'PLAINTEXT://0.0.0.0:1', 'PLAINTEXT://[::]:1'])(
    'on every address (%s) are advertised as the machine',
    (listeners) => {
      expect(listenersOf({ listeners }).map((listener) => advertisedEndpoint(listener, 1))).toEqual([{ host: hostname(), port: 1 }])
    },
  )

  it.each<[Record<string, string>, string]>([
    [{ listeners: 'localhost:9092' }, 'Unable to parse localhost:9092 to a broker endpoint'],
    [{ listeners: 'PLAINTEXT://:70000' }, 'Unable to parse PLAINTEXT://:70000 to a broker endpoint'],
    [{ listeners: 'A://:1' }, 'No security protocol defined for listener A'],
    [{ listeners: 'PLAINTEXT://:1,PLAINTEXT://:2' }, 'Each listener must have a different name'],
    [{ listeners: 'PLAINTEXT://:1,SSL://:1' }, 'Each listener must have a different port'],
    [{ listeners: 'CONTROLLER://:1', 'controller.listener.names': 'CONTROLLER' }, 'There is no listener for clients'],
    [
      { 'advertised.listeners': 'SSL://a:1' },
      'advertised.listeners listener names must be equal to or a subset of the ones defined in listeners',
    ],
    [{ 'advertised.listeners': 'PLAINTEXT://0.0.0.0:1' }, 'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0'],
    [{ 'listener.security.protocol.map': 'PLAINTEXT:FOO' }, 'Invalid security protocol `FOO` defined in listener.security.protocol.map'],
  ])('that cannot be are refused: %j', (props, message) => {
    expect(() => listenersOf(props)).toThrow(message)
  })
})
