/** A lane whose tasks are scripted loops. */
import { parentPort, workerData } from 'node:worker_threads'
import { runLane } from '../../../src/runtime/lane.ts'
import type { LaneData } from '../../../src/runtime/lane-messages.ts'
import { makeScriptedLoop } from './scripted-loop.ts'

if (parentPort === null) throw new Error('scripted-lane.ts is a thread')
runLane({ port: parentPort, logLevel: (workerData as LaneData).logLevel, makeLoop: makeScriptedLoop })
