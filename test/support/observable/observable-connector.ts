import { BroadcastChannel } from 'node:worker_threads'
import { ConfigDef, type ConnectorContext, type Props } from '../../../src/api/index.ts'
import { errorOf } from './actor.ts'
import { connectorChannel, observableKeys, type ToConnector } from './dialogue.ts'

const string = { type: 'string', default: null, importance: 'low', doc: 'For stories.' } as const
const config = new ConfigDef(Object.fromEntries(Object.values(observableKeys).map((key) => [key, string])))

/** What observable sinks and sources share: every task gets the whole configuration and its number. */
export abstract class ObservableConnector {
  readonly version = '1'
  #props: Props = {}
  #context: ConnectorContext | null = null
  #channel: BroadcastChannel | null = null
  /** Null: as many as `tasks.max` allows. */
  #tasks: number | null = null

  initialize(context: ConnectorContext): void {
    this.#context = context
  }

  start(props: Props): void {
    this.#props = props
    this.#failIn('start')
    if (props[observableKeys.tasks] !== undefined) this.#tasks = Number(props[observableKeys.tasks])
    this.#channel = new BroadcastChannel(connectorChannel(props[observableKeys.story] ?? ''))
    this.#channel.onmessage = (event) => this.#receive((event as { data: ToConnector }).data)
    this.#channel.unref()
  }

  taskConfigs(maxTasks: number): Props[] {
    this.#failIn('taskConfigs')
    return Array.from({ length: this.#tasks ?? maxTasks }, (_, task) => ({ ...this.#props, task: String(task) }))
  }

  stop(): void {
    this.#channel?.close()
    this.#failIn('stop')
  }

  config(): ConfigDef<Record<string, typeof string>> {
    return config
  }

  #failIn(call: string): void {
    if (this.#props[observableKeys.connectorFails] === call) throw new Error(`the connector cannot ${call}`)
  }

  #receive(message: ToConnector): void {
    if (message.type === 'fail') return this.#context?.raiseError(errorOf(message.error))
    this.#tasks = message.tasks
    this.#context?.requestTaskReconfiguration()
  }
}
