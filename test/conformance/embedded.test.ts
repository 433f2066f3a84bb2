import { startBroker } from '../../src/testing.ts'
import { conformance } from './conformance.ts'
import { SERVER_PROPERTIES } from './target.ts'

conformance({
  name: 'the embedded broker',
  async start() {
    const broker = await startBroker({ properties: SERVER_PROPERTIES })
    return { address: broker.address, stop: () => broker.stop() }
  },
})
