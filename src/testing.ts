/** A Kafka for test suites: `await using broker = await startBroker()`, then `broker.address` is its `bootstrap.servers`. */
import { ConfigException } from './api/errors.ts'
import type { Logger } from './api/logger.ts'
import type { Props } from './api/props.ts'
import { Broker } from './broker/broker.ts'
import { checkedProps } from './broker/config/server-properties.ts'
import { silentLogger } from './logging/logger.ts'

export interface NewTestTopic {
  readonly name: string
  /** Default: `num.partitions`, which is 1. */
  readonly partitions?: number
  /** Keys of the topic, such as `cleanup.policy`. */
  readonly configs?: Readonly<Record<string, string>>
}

export interface StartBrokerOptions {
  /** Topics that are there when the broker is ready; a name alone means all defaults. */
  readonly topics?: readonly (string | NewTestTopic)[]
  /** Kafka's own keys, as in `server.properties`. Default of `listeners`: a free port of 127.0.0.1. */
  readonly properties?: Readonly<Record<string, string>>
  /** Where records are kept, to be found again by the next broker with this folder. Default: in memory. */
  readonly dir?: string
  /** Default: nothing is logged. */
  readonly log?: Logger
}

/** A broker in this thread. It takes no time from a test that waits, and serves nobody while a test computes. */
export interface TestBroker extends AsyncDisposable {
  /** `host:port`, for `bootstrap.servers`. */
  readonly address: string
  /** Of each listener, by its name. */
  readonly addresses: ReadonlyMap<string, string>
  /** Ends connections and frees the port. Harmless when it was stopped before. */
  stop(): Promise<void>
}

const LISTENER = 'PLAINTEXT://127.0.0.1:0'

/**
 * Starts a broker with the protocol of Apache Kafka, in a few milliseconds.
 * @throws ConfigException for properties or topics that cannot be
 */
export async function startBroker({ topics = [], properties = {}, dir, log = silentLogger }: StartBrokerOptions = {}): Promise<TestBroker> {
  const props = checkedProps({ props: { listeners: LISTENER, ...properties }, lines: new Map(), path: null }, log)
  const broker = await Broker.start({ props, dirs: dir === undefined ? null : [dir], log })
  try {
    for (const topic of topics) await createTopic(broker, props, typeof topic === 'string' ? { name: topic } : topic)
  } catch (error) {
    await broker.stop()
    throw error
  }
  return {
    address: broker.address,
    addresses: broker.addresses,
    stop: () => broker.stop(),
    [Symbol.asyncDispose]: () => broker.stop(),
  }
}

/** One that a folder has already is left as it is. */
async function createTopic({ topics }: Broker, props: Props, { name, partitions, configs = {} }: NewTestTopic): Promise<void> {
  if (topics.get(name) !== null) return
  try {
    await topics.create({ name, partitions: partitions ?? Number(props['num.partitions'] ?? 1), overrides: configs })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigException(`Topic ${name} cannot be created: ${reason}`, { cause: error })
  }
}
