import { randomBytes } from 'node:crypto'
import { apis, type ApiName } from './apis/index.ts'
import type { Exchange } from './exchange.ts'
import { Group, RefusingGroup, type GroupBehaviour } from './group.ts'
import { PartitionLog, type AppendResult } from './partition-log.ts'
import { readHeader, readRecords, writeBatch, type BatchOptions, type NewRecord, type StoredRecord } from './record-batch.ts'
import { ScriptedNode } from './scripted-node.ts'
import { Transaction } from './transaction.ts'
import type { Action, Hook, RequestContext } from './script.ts'

export interface ScriptedClusterOptions {
  /** Default 1. Node ids count from 1; node 1 is controller and coordinates groups. */
  readonly nodes?: number
  /** Partitions by topic; leaders go round the nodes. */
  readonly topics?: Readonly<Record<string, number>>
  /** Partitions of a topic that is created by asking for it; default: none is. */
  readonly autoCreatePartitions?: number
  /** Batches above this are answered MESSAGE_TOO_LARGE. Default: no limit. */
  readonly maxMessageBytes?: number
  /** Version ranges that differ from what the scripted broker speaks; null: the API is missing. */
  readonly versions?: Versions
  /** The same for single nodes. */
  readonly nodeVersions?: Readonly<Record<number, Versions>>
}

export type Versions = Partial<Record<ApiName, readonly [min: number, max: number] | null>>

export interface SeenRequest extends RequestContext {
  readonly at: number
}

const [UNKNOWN_TOPIC, NOT_LEADER, NOT_COORDINATOR, INVALID_TXN_STATE, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH] = [3, 6, 16, 48, 74, 75]

/**
 * A Kafka cluster in this process, on real sockets, that behaves — it keeps logs, producer sequences, groups and offsets — until a
 * script tells it otherwise:
 *
 *     await using cluster = await ScriptedCluster.start({ nodes: 2, topics: { t: 4 } })
 *     cluster.once('Produce', { do: 'error', code: 19 })                        // next Produce is refused
 *     cluster.onRequest('Fetch', ({ node }) => node === 2 ? { do: 'cut' } : undefined)
 *     cluster.setLeader('t', 0, 2)
 *     cluster.records('t', 0)                                                    // what is in the log
 */
export class ScriptedCluster implements AsyncDisposable {
  readonly clusterId = 'scripted-cluster'
  controllerId = 1
  /** Every request that was read, in order. */
  readonly requests: SeenRequest[] = []
  /** What went wrong inside the scripted broker or a hook; thrown when it is disposed of. */
  readonly failures: unknown[] = []
  readonly #options: ScriptedClusterOptions
  readonly #nodes: ScriptedNode[]
  readonly #topics = new Map<string, PartitionLog[]>()
  readonly #topicIds = new Map<string, Buffer>()
  readonly #groups = new Map<string, Group>()
  readonly #transactions = new Map<string, Transaction>()
  readonly #coordinators = new Map<string, number>()
  readonly #hooks = new Set<{ readonly api: ApiName | '*'; readonly hook: Hook }>()
  readonly #accepted: number[] = []
  readonly #waiting = new Set<() => void>()
  #producerIds = 1000

  static async start(options: ScriptedClusterOptions = {}): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(options)
    await Promise.all(cluster.#nodes.map((node) => node.start()))
    for (const [name, partitions] of Object.entries(options.topics ?? {})) cluster.createTopic(name, partitions)
    return cluster
  }

  private constructor(options: ScriptedClusterOptions) {
    this.#options = options
    this.#nodes = Array.from({ length: options.nodes ?? 1 }, (_, index) => new ScriptedNode(this, index + 1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const group of this.#groups.values()) group.close()
    await Promise.all(this.#nodes.map((node) => node.stop()))
    this.#notify()
    if (this.failures.length > 0) throw this.failures[0]
  }

  /** host:port of every node, for `bootstrap.servers`. */
  get bootstrapServers(): string {
    return this.#nodes.map(({ host, port }) => `${host}:${port}`).join(',')
  }

  /** Calls `hook` for each request of an API ('*': of all) until the returned function is called. The first action returned counts. */
  onRequest<Api extends ApiName>(api: Api | '*', hook: Hook<Api>): () => void {
    const entry = { api, hook: hook as unknown as Hook }
    this.#hooks.add(entry)
    return () => this.#hooks.delete(entry)
  }

  /** Does `action` to the next request of that API (that matches), then no more. */
  once<Api extends ApiName>(api: Api, action: Action, matches: (context: RequestContext<Api>) => boolean = () => true): void {
    const remove = this.onRequest(api, (context) => {
      if (!matches(context)) return undefined
      remove()
      return action
    })
  }

  async script(context: RequestContext): Promise<Action | null> {
    this.requests.push({ ...context, at: Date.now() })
    this.#notify()
    for (const { api, hook } of [...this.#hooks]) {
      if (api !== '*' && api !== context.api) continue
      const action = await hook(context)
      if (action !== undefined) return action
    }
    return null
  }

  /** Requests of one API that were read so far. */
  requestsOf<Api extends ApiName>(api: Api): (RequestContext<Api> & { readonly at: number })[] {
    return this.requests.filter((seen): seen is RequestContext<Api> & { readonly at: number } => seen.api === api)
  }

  /** Waits until a condition holds; looked at after every request and change. */
  async until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    const deadline = Date.now() + timeoutMs
    while (!condition()) {
      const leftMs = deadline - Date.now()
      if (leftMs <= 0) throw new Error(`Not so within ${timeoutMs} ms: ${condition.toString()}`)
      await this.changed(Math.min(leftMs, 50))
    }
  }

  createTopic(name: string, partitions: number): void {
    this.#topicIds.set(name, randomBytes(16))
    const leaderOf = (partition: number): number => (partition % this.#nodes.length) + 1
    this.#topics.set(
      name,
      Array.from({ length: partitions }, (_, partition) => new PartitionLog(leaderOf(partition))),
    )
    this.#notify()
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name)
    this.#topicIds.delete(name)
    this.#notify()
  }

  addPartitions(name: string, count: number): void {
    const logs = this.#topics.get(name)!
    while (logs.length < count) logs.push(new PartitionLog((logs.length % this.#nodes.length) + 1))
    this.#notify()
  }

  log(topic: string, partition: number): PartitionLog {
    const log = this.#topics.get(topic)?.[partition]
    if (log === undefined) throw new Error(`There is no ${topic}-${partition} in the scripted cluster`)
    return log
  }

  records(topic: string, partition: number): StoredRecord[] {
    return this.log(topic, partition).records()
  }

  /** Records of all partitions. */
  allRecords(topic: string): StoredRecord[] {
    return this.#topics.get(topic)!.flatMap((log) => log.records())
  }

  /** Appends one batch, as somebody else's producer would. @returns its base offset */
  append(topic: string, partition: number, records: readonly NewRecord[], options?: BatchOptions): number {
    return this.appendBatch(topic, partition, writeBatch(records, options))
  }

  /** Appends bytes as they are, but for base offset and leader epoch. */
  appendBatch(topic: string, partition: number, batch: Buffer): number {
    const baseOffset = this.log(topic, partition).store(batch)
    this.#notify()
    return baseOffset
  }

  /** What retention does. */
  deleteRecordsBefore(topic: string, partition: number, offset: number): void {
    this.log(topic, partition).startOffset = offset
    this.#notify()
  }

  /** Forgets what idempotent producers wrote, so that their next sequence is a gap. */
  forgetProducers(topic: string, partition: number): void {
    this.log(topic, partition).forgetProducers()
  }

  /** An unclean election: a node becomes leader that has only what is before `offset`, which begins a batch. */
  electUnclean(topic: string, partition: number, node: number, offset: number): void {
    this.log(topic, partition).truncate(offset)
    this.setLeader(topic, partition, node)
  }

  /** Moves a partition to another node; -1: no leader. */
  setLeader(topic: string, partition: number, node: number): void {
    const log = this.log(topic, partition)
    log.leader = node
    log.leaderEpoch++
    this.#notify()
  }

  setCoordinator(group: string, node: number): void {
    this.#coordinators.set(group, node)
  }

  coordinatorOf(group: string): number {
    return this.#coordinators.get(group) ?? 1
  }

  groupState(name: string): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const created = new Group()
    this.#groups.set(name, created)
    return created
  }

  /** Committed offset; -1: none. */
  committed(group: string, topic: string, partition: number): number {
    return this.groupState(group).committed(topic, partition)
  }

  /** Leader epoch that was committed with it; -1: none. */
  committedEpoch(group: string, topic: string, partition: number): number {
    return this.groupState(group).committedEpoch(topic, partition)
  }

  stopNode(node: number): Promise<void> {
    return this.#node(node).stop()
  }

  startNode(node: number): Promise<void> {
    return this.#node(node).start()
  }

  cutConnections(node?: number): void {
    for (const each of this.#nodes) if (node === undefined || each.nodeId === node) each.cut()
  }

  /** Sockets open now. */
  openConnections(node?: number): number {
    return this.#nodes.filter((each) => node === undefined || each.nodeId === node).reduce((sum, { sockets }) => sum + sockets.size, 0)
  }

  /** Sockets accepted since the start. */
  acceptedConnections(node?: number): number {
    return this.#accepted.filter((each) => node === undefined || each === node).length
  }

  acceptedConnection(node: number): number {
    return this.#accepted.push(node)
  }

  runningNodes(): readonly ScriptedNode[] {
    return this.#nodes.filter((node) => node.isRunning)
  }

  topicNames(): string[] {
    return [...this.#topics.keys()]
  }

  /** 16 bytes; zeros: there is no such topic. */
  topicId(name: string): Buffer {
    return this.#topicIds.get(name) ?? Buffer.alloc(16)
  }

  describe(topic: string, mayCreate: boolean): readonly PartitionLog[] | undefined {
    const { autoCreatePartitions } = this.#options
    if (!this.#topics.has(topic) && mayCreate && autoCreatePartitions !== undefined) this.createTopic(topic, autoCreatePartitions)
    return this.#topics.get(topic)
  }

  led(node: number, topic: string, partition: number, leaderEpoch: number): { readonly error: number; readonly log: PartitionLog | null } {
    const log = this.#topics.get(topic)?.[partition]
    if (log === undefined) return { error: UNKNOWN_TOPIC, log: null }
    if (log.leader !== node) return { error: NOT_LEADER, log: null }
    if (leaderEpoch >= 0 && leaderEpoch < log.leaderEpoch) return { error: FENCED_LEADER_EPOCH, log: null }
    if (leaderEpoch > log.leaderEpoch) return { error: UNKNOWN_LEADER_EPOCH, log: null }
    return { error: 0, log }
  }

  /** As `led`, for reading, which the named follower may serve too. */
  readable(node: number, topic: string, partition: number, leaderEpoch: number): ReturnType<ScriptedCluster['led']> {
    const log = this.#topics.get(topic)?.[partition]
    return log?.readReplica === node ? { error: 0, log } : this.led(node, topic, partition, leaderEpoch)
  }

  produce(node: number, topic: string, partition: number, batch: Buffer, transactionalId: string | null): AppendResult {
    const { error, log } = this.led(node, topic, partition, -1)
    const result = log === null ? { error, baseOffset: -1 } : this.#append(log, topic, partition, batch, transactionalId)
    this.#notify()
    return result
  }

  /** What is known of a transactional id; it is created when it is not known. */
  transaction(transactionalId: string): Transaction {
    let transaction = this.#transactions.get(transactionalId)
    if (transaction === undefined) this.#transactions.set(transactionalId, (transaction = new Transaction(this.nextProducerId())))
    return transaction
  }

  transactionalIds(): string[] {
    return [...this.#transactions.keys()]
  }

  /** What a coordinator does when an id was not used for long. */
  forgetTransaction(transactionalId: string): void {
    this.#transactions.delete(transactionalId)
  }

  /** Values of a partition as read_committed consumers see them. */
  committedValues(topic: string, partition: number): (string | null)[] {
    const transactions = [...this.#transactions.values()]
    const visible = this.log(topic, partition).batches.filter(
      ({ header }) => !transactions.some((each) => each.hides(topic, partition, header.baseOffset)),
    )
    return visible.flatMap(({ batch }) => readRecords(batch)).map(({ value }) => value)
  }

  group(exchange: Exchange, name: string): GroupBehaviour {
    if (exchange.error !== 0) return new RefusingGroup(exchange.error)
    return this.coordinatorOf(name) === exchange.node ? this.groupState(name) : new RefusingGroup(NOT_COORDINATOR)
  }

  nextProducerId(): number {
    return this.#producerIds++
  }

  versionsOf(node: number): { readonly key: number; readonly min: number; readonly max: number }[] {
    return (Object.keys(apis) as ApiName[]).flatMap((name) => {
      const scripted = { ...this.#options.versions, ...this.#options.nodeVersions?.[node] }[name]
      if (scripted === null) return []
      const [min, max] = scripted ?? apis[name].versions
      return [{ key: apis[name].key, min, max }]
    })
  }

  /** Settles when something changed, after `ms`, or when the signal fires. */
  async changed(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    this.#waiting.add(resolve)
    signal?.addEventListener('abort', () => resolve(), { once: true })
    await promise
    clearTimeout(timer)
    this.#waiting.delete(resolve)
  }

  #append(log: PartitionLog, topic: string, partition: number, batch: Buffer, transactionalId: string | null): AppendResult {
    const maxBytes = this.#options.maxMessageBytes ?? Infinity
    if (!readHeader(batch).isTransactional) return log.append(batch, maxBytes)
    const transaction = this.transaction(transactionalId ?? '')
    if (!transaction.has(topic, partition)) return { error: INVALID_TXN_STATE, baseOffset: -1 }
    const result = log.append(batch, maxBytes)
    if (result.error === 0) transaction.appended(topic, partition, result.baseOffset)
    return result
  }

  #notify(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #node(nodeId: number): ScriptedNode {
    const node = this.#nodes.find((each) => each.nodeId === nodeId)
    if (node === undefined) throw new Error(`There is no node ${nodeId} in the scripted cluster`)
    return node
  }
}
