/** Embed a worker in a program: `const worker = await Standalone.create({ props, log })`, `await worker.start()`, then `worker.herder`. */
export { createLogger, silentLogger, type LogFormat, type LoggerOptions, type LogLevel } from './logging/logger.ts'
export { taskMetricDeclarations, type MetricDeclaration, type TaskMetricName } from './metrics/registry.ts'
export type { TaskMetricsView, TaskPhase } from './metrics/task-metrics.ts'
export type { ConnectorInfo, ConnectorStateInfo, Herder } from './runtime/herder.ts'
export type { ConnectorTaskId } from './runtime/connector-task-id.ts'
export type { ConnectorStatus, State, TargetState, TaskCondition, TaskStatus } from './runtime/state.ts'
export { taskConditionText } from './runtime/task-condition.ts'
export { Standalone, type StandaloneOptions } from './standalone.ts'
