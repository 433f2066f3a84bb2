import type { Logger } from './logger.ts'
import type { Props } from './props.ts'

/**
 * Resolves `${provider:path:key}` in configurations. Called when a configuration is read: at worker start, and each time a connector
 * or task is started.
 */
export interface ConfigProvider {
  /** Called once. @param props the keys under `config.providers.NAME.param.` @throws ConfigException */
  configure(props: Props, log: Logger): void
  /**
   * @param keys the keys asked for
   * @returns the values of those that exist; a key that is missing leaves the variable's text as it is
   * @throws ConfigException when the path cannot be read
   */
  get(path: string, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> | ReadonlyMap<string, string>
  /** Called once, when the worker stops. */
  close?(): void
}
