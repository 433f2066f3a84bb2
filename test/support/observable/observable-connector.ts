import { ConfigDef, type Props } from '../../../src/api/index.ts'
import { observableKeys } from './dialogue.ts'

const string = { type: 'string', default: null, importance: 'low', doc: 'For stories.' } as const
const config = new ConfigDef(Object.fromEntries(Object.values(observableKeys).map((key) => [key, string])))

/** What observable sinks and sources share: every task gets the whole configuration and its number. */
export abstract class ObservableConnector {
  readonly version = '1'
  #props: Props = {}

  start(props: Props): void {
    this.#props = props
  }

  taskConfigs(maxTasks: number): Props[] {
    const tasks = Number(this.#props[observableKeys.tasks] ?? maxTasks)
    return Array.from({ length: tasks }, (_, task) => ({ ...this.#props, task: String(task) }))
  }

  stop(): void {}

  config(): ConfigDef<Record<string, typeof string>> {
    return config
  }
}
