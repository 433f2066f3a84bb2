import { statfs } from 'node:fs/promises'
import type { RequestContext } from '../api.ts'
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

/** Answers DescribeLogDirs. @param dir null: everything is in memory */
export async function describeLogDirs(
  { topics: asked }: DecodedRequest<'DescribeLogDirs'>,
  topics: Topics,
  dir: string | null,
): Promise<ResponseMessages['DescribeLogDirs']> {
  const wanted = asked === null ? null : new Map(asked.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  const found = Array.from(topics.all(), ({ name, partitions }) => ({
    name,
    partitions: partitions
      .map(({ sizeBytes }, partitionIndex) => ({ partitionIndex, partitionSize: sizeBytes, offsetLag: 0, isFutureKey: false }))
      .filter(({ partitionIndex }) => wanted === null || wanted.get(name)?.has(partitionIndex) === true),
  }))
  const { totalBytes, usableBytes } = await space(dir)
  const logDir = { errorCode: Errors.NONE, logDir: dir ?? MEMORY, totalBytes, usableBytes, isCordoned: false }
  return {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
    results: [{ ...logDir, topics: found.filter(({ partitions }) => partitions.length > 0) }],
  }
}

const MEMORY = '(memory)'
const UNKNOWN_BYTES = -1

async function space(dir: string | null): Promise<{ readonly totalBytes: number; readonly usableBytes: number }> {
  if (dir === null) return { totalBytes: UNKNOWN_BYTES, usableBytes: UNKNOWN_BYTES }
  const { blocks, bavail, bsize } = await statfs(dir)
  return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
}

/** Answers ElectLeaders: every partition has the one leader it can have. */
export function electLeaders(request: DecodedRequest<'ElectLeaders'>, topics: Topics): ResponseMessages['ElectLeaders'] {
  const wanted =
    request.topicPartitions ??
    Array.from(topics.all(), ({ name, partitions }) => ({ topic: name, partitions: partitions.map((_, index) => index) }))
  const results = wanted.map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions.map((partitionId) => ({ partitionId, ...election(topics, topic, partitionId) })),
  }))
  const onlyFailed = request.topicPartitions === null
  const shown = results.map(({ topic, partitionResult }) => ({
    topic,
    partitionResult: partitionResult.filter(({ errorCode }) => !onlyFailed || errorCode !== Errors.ELECTION_NOT_NEEDED),
  }))
  return {
    throttleTimeMs: 0,
    errorCode: Errors.NONE,
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
