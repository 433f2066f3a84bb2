/** The embedded broker in a thread of a worker's process: begins at once, says how it went, and ends when it is told to. */
import { parentPort, workerData } from 'node:worker_threads'
import { Broker } from './broker/broker.ts'
import type { BrokerThreadData, BrokerThreadReport } from './cli/embedded-broker.ts'
import { logProcessWarnings } from './logging/process-warnings.ts'
import { LaneLogger } from './runtime/lane-logger.ts'
import { plainError } from './runtime/plain-error.ts'

if (parentPort === null) throw new Error('broker-thread.js runs a broker in a thread of a worker. Start it with standpipe broker instead')
const port = parentPort
const report = (message: BrokerThreadReport) => port.postMessage(message)
const { props, dirs, logLevel } = workerData as BrokerThreadData
const log = new LaneLogger((line) => report({ type: 'log', line }), logLevel)
logProcessWarnings(log)

try {
  const broker = await Broker.start({ props, dirs, log })
  port.once('message', () => void broker.stop().finally(() => port.close()))
  report({ type: 'ready', address: broker.address, dirs: broker.dirs })
} catch (error) {
  report({ type: 'failed', error: plainError(error) })
  port.close()
}
