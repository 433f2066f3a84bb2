import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBroker } from '../../src/testing.ts'
import { conformance } from './conformance.ts'
import { SERVER_PROPERTIES, type RunningTarget } from './target.ts'

conformance({ name: 'the embedded broker', takesCluster: true, running: { server: await startTarget() } })

async function startTarget(): Promise<RunningTarget> {
  const dir = await mkdtemp(join(tmpdir(), 'standpipe-conformance-'))
  const broker = await startBroker({ properties: SERVER_PROPERTIES, dir })
  return {
    address: broker.address,
    async stop() {
      await broker.stop()
      await rm(dir, { recursive: true })
    },
  }
}
