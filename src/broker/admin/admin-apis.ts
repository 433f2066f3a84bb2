import type { Apis } from '../api.ts'
import type { BrokerConfig } from '../config/broker-config.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import { knownVersions } from '../protocol/codec.ts'
import type { Topics } from '../topic/topics.ts'
import { AlterConfigsApi } from './alter-configs-api.ts'
import { BrokerConfigView } from './broker-config-view.ts'
import { describeCluster, describeLogDirs, electLeaders } from './cluster-api.ts'
import type { ClusterView } from './cluster-view.ts'
import { listConfigResources, ResourceType } from './config-resources.ts'
import { CreatePartitionsApi } from './create-partitions-api.ts'
import { CreateTopicsApi } from './create-topics-api.ts'
import { DeleteTopicsApi } from './delete-topics-api.ts'
import { DescribeConfigsApi } from './describe-configs-api.ts'
import { describeTopicPartitions } from './describe-topic-partitions-api.ts'
import { MetadataApi } from './metadata-api.ts'
import { apisWithoutContent } from './apis-without-content.ts'
import { TopicConfigView } from './topic-config-view.ts'

export interface AdminOptions {
  readonly topics: Topics
  readonly config: BrokerConfig
  readonly cluster: ClusterView
  readonly directory: Pick<LogDirectory, 'directories'>
  /** Names of users with SCRAM credentials. */
  readonly scramUsers: readonly string[]
}

/** The APIs of metadata and administration. */
export function adminApis(options: AdminOptions): Apis {
  return { ...topicApis(options), ...configApis(options), ...clusterApis(options), ...apisWithoutContent(options.scramUsers) }
}

function topicApis({ topics, config, cluster }: AdminOptions): Apis {
  const { nodeId } = cluster
  const metadata = new MetadataApi({ topics, cluster, autoCreate: () => config.settings['auto.create.topics.enable'] })
  const creation = new CreateTopicsApi({ topics, config, configView: new TopicConfigView(config), nodeId })
  const deletion = new DeleteTopicsApi(topics, config)
  const partitions = new CreatePartitionsApi(topics, nodeId)
  return {
    Metadata: { versions: knownVersions('Metadata'), answer: (request, context) => metadata.answer(request, context) },
    CreateTopics: { versions: knownVersions('CreateTopics'), answer: (request, context) => creation.answer(request, context) },
    DeleteTopics: { versions: knownVersions('DeleteTopics'), answer: (request, context) => deletion.answer(request, context) },
    CreatePartitions: { versions: knownVersions('CreatePartitions'), answer: (request) => partitions.answer(request) },
    DescribeTopicPartitions: {
      versions: knownVersions('DescribeTopicPartitions'),
      answer: (request) => describeTopicPartitions(request, topics, nodeId),
    },
  }
}

function configApis({ topics, config, cluster }: AdminOptions): Apis {
  const description = new DescribeConfigsApi({
    topics,
    topicView: new TopicConfigView(config),
    brokerView: new BrokerConfigView(config),
    nodeId: cluster.nodeId,
  })
  const alteration = new AlterConfigsApi(topics, config)
  return {
    DescribeConfigs: { versions: knownVersions('DescribeConfigs'), answer: (request) => description.answer(request) },
    AlterConfigs: { versions: knownVersions('AlterConfigs'), answer: (request) => alteration.answer(request) },
    IncrementalAlterConfigs: {
      versions: knownVersions('IncrementalAlterConfigs'),
      answer: (request) => alteration.answerIncremental(request),
    },
    ListConfigResources: {
      versions: knownVersions('ListConfigResources'),
      answer: ({ resourceTypes }, { version }) =>
        listConfigResources(version === 0 ? [ResourceType.CLIENT_METRICS] : resourceTypes, topics, cluster.nodeId),
    },
  }
}

function clusterApis({ topics, cluster, directory }: AdminOptions): Apis {
  return {
    DescribeCluster: {
      versions: knownVersions('DescribeCluster'),
      answer: (request, context) => describeCluster(request, context, cluster),
    },
    DescribeLogDirs: { versions: knownVersions('DescribeLogDirs'), answer: (request) => describeLogDirs(request, directory) },
    ElectLeaders: { versions: knownVersions('ElectLeaders'), answer: (request) => electLeaders(request, topics) },
  }
}
