import type { Logger } from '../../api/logger.ts'
import type { ConnectorTaskId } from '../connector-task-id.ts'
import type { TaskControl } from '../task-control.ts'
import { LogReporter } from './log-reporter.ts'
import type { ProcessingContext } from './processing-context.ts'
import { RetryWithToleranceOperator, type ErrorPolicy, type ErrorReporter } from './retry-with-tolerance-operator.ts'

/** The keys of connector configurations that decide about failed records; sources and sinks share them. */
interface ErrorKeys {
  readonly 'errors.retry.timeout': number
  readonly 'errors.retry.delay.max.ms': number
  readonly 'errors.tolerance': string
  readonly 'errors.log.enable': boolean
  readonly 'errors.log.include.messages': boolean
}

export function makeOperator(
  config: ErrorKeys,
  reporters: readonly ErrorReporter[],
  { signal }: TaskControl,
  context: ProcessingContext,
): RetryWithToleranceOperator {
  const policy: ErrorPolicy = {
    retryTimeoutMs: config['errors.retry.timeout'],
    retryDelayMaxMs: config['errors.retry.delay.max.ms'],
    tolerance: config['errors.tolerance'] === 'all' ? 'all' : 'none',
  }
  return new RetryWithToleranceOperator({ context, policy, reporters, signal })
}

/** `errors.log.*`. */
export function logReporters(config: ErrorKeys, id: ConnectorTaskId, log: Logger): readonly ErrorReporter[] {
  return config['errors.log.enable'] ? [new LogReporter(id, log, config['errors.log.include.messages'])] : []
}
