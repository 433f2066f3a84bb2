import { statfs } from 'node:fs/promises'
import type { RequestContext } from '../api.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import type { Topics } from '../topic/topics.ts'
import { failureOf } from './api-failure.ts'
import { AuthorizedOperations, type ClusterView } from './cluster-view.ts'

const BROKERS = 1
const CONTROLLERS = 2

/** Answers DescribeCluster: this node alone. */
export function describeCluster(
  request: DecodedRequest<'DescribeCluster'>,
  context: RequestContext,
  cluster: ClusterView,
): ResponseMessages['DescribeCluster'] {
  const clusterAuthorizedOperations = request.includeClusterAuthorizedOperations
    ? AuthorizedOperations.CLUSTER
    : AuthorizedOperations.NOT_ASKED
  const { clusterId, nodeId } = cluster
  const { endpointType } = request
  if (endpointType !== BROKERS) {
    const isController = endpointType === CONTROLLERS
    const errorCode = isController ? Errors.MISMATCHED_ENDPOINT_TYPE : Errors.UNSUPPORTED_ENDPOINT_TYPE
    const errorMessage = isController
      ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
      : `Unsupported endpoint type ${endpointType}`
    return {
      throttleTimeMs: 0,
      errorCode,
      errorMessage,
      clusterId: '',
      brokers: [],
      clusterAuthorizedOperations: AuthorizedOperations.NOT_ASKED,
    }
  }
  return {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    errorMessage: null,
    endpointType: BROKERS,
    clusterId,
    controllerId: nodeId,
    brokers: [{ brokerId: nodeId, ...cluster.endpoint(context) }],
    clusterAuthorizedOperations,
  }
}

/** Answers DescribeLogDirs. */
export async function describeLogDirs(
  { topics: asked }: DecodedRequest<'DescribeLogDirs'>,
  directory: Pick<LogDirectory, 'directories'>,
): Promise<ResponseMessages['DescribeLogDirs']> {
  const wanted = asked === null ? null : new Map(asked.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  const isWanted = ({ topic, partition }: PartitionLog) => wanted === null || wanted.get(topic)?.has(partition) === true
  const results = directory.directories().map(async ({ path, logs }) => ({
    errorCode: Errors.NONE,
    logDir: path,
    topics: byTopic(logs.filter(isWanted)),
    ...(await space(path)),
    isCordoned: false,
  }))
  return { throttleTimeMs: 0, errorCode: Errors.NONE, results: await Promise.all(results) }
}

function byTopic(logs: readonly PartitionLog[]): ResponseMessages['DescribeLogDirs']['results'][number]['topics'] {
  const grouped = Map.groupBy(logs, ({ topic }) => topic)
  return Array.from(grouped, ([name, ofTopic]) => ({
    name,
    partitions: ofTopic.map(({ partition, sizeBytes }) => ({
      partitionIndex: partition,
      partitionSize: sizeBytes,
      offsetLag: 0,
      isFutureKey: false,
    })),
  }))
}

const UNKNOWN_BYTES = -1

/** Of the disk; unknown for what is in memory. */
async function space(dir: string): Promise<{ readonly totalBytes: number; readonly usableBytes: number }> {
  try {
    const { blocks, bavail, bsize } = await statfs(dir)
    return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
  } catch {
    return { totalBytes: UNKNOWN_BYTES, usableBytes: UNKNOWN_BYTES } // as Kafka answers where it cannot tell
  }
}

const UNCLEAN = 1

/** Answers ElectLeaders: every partition has the one leader it can have. */
export function electLeaders(request: DecodedRequest<'ElectLeaders'>, topics: Topics): ResponseMessages['ElectLeaders'] {
  const misuse =
    request.electionType > UNCLEAN ? new ApiError(Errors.INVALID_REQUEST, `Unknown election type ${request.electionType}`) : null
  const wanted =
    request.topicPartitions ??
    Array.from(topics.all(), ({ name, partitions }) => ({ topic: name, partitions: partitions.map((_, index) => index) }))
  const results = wanted.map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({
      partitionId,
      ...(misuse === null ? election(topics, topic, partitionId) : failureOf(misuse)),
    })),
  }))
  const onlyFailed = request.topicPartitions === null
  const shown = results.map(({ topic, partitionResult }) => ({
    topic,
    partitionResult: partitionResult.filter(({ errorCode }) => !onlyFailed || errorCode !== Errors.ELECTION_NOT_NEEDED),
  }))
  return {
    throttleTimeMs: 0,
    errorCode: misuse?.error ?? Errors.NONE,
    replicaElectionResults: shown.filter(({ partitionResult }) => partitionResult.length > 0),
  }
}

function election(topics: Topics, topic: string, partition: number) {
  const known = topics.get(topic)
  if (known === null) return failureOf(new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${topic}`))
  if (known.partitions[partition] === undefined)
    return failureOf(new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${topic}-${partition}`))
  return failureOf(new ApiError(Errors.ELECTION_NOT_NEEDED))
}
