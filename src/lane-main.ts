/** The work of a lane's thread: plugins and Kafka clients of its own, as `standalone.ts` has for the main thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { createKafkaClients } from './kafka/kafka-clients.ts'
import { silentLogger } from './logging/logger.ts'
import { shareStandardInput } from './lane-standard-input.ts'
import { loadPlugins } from './plugins/load-plugins.ts'
import { runLane } from './runtime/lane.ts'
import type { LaneData } from './runtime/lane-messages.ts'
import { makeTaskLoop } from './runtime/task-factory.ts'

if (parentPort === null) throw new Error('lane.js runs tasks of a worker in a thread. Start the worker instead: connect-standalone')
const { logLevel, pluginPath } = workerData as LaneData
shareStandardInput()
const kafka = createKafkaClients()
const plugins = await loadPlugins(pluginPath, silentLogger) // the main thread has logged what there is to say about them
runLane({
  port: parentPort,
  logLevel,
  makeLoop: (spec, control, log, offsetStore) => makeTaskLoop(spec, control, log, { plugins, kafka, offsetStore }),
})
