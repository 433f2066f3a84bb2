import { afterAll, onTestFinished } from 'vitest'
import { RawClient } from '../support/raw-client.ts'
import { describeWith } from '../support/services/suite.ts'
import { apiVersionsCases } from './cases/api-versions.ts'
import { configCases } from './cases/configs.ts'
import { fetchCases } from './cases/fetch.ts'
import { groupCases } from './cases/groups.ts'
import { javaConnectCases, javaConnectDistributedCases } from './cases/java-connect.ts'
import { javaToolCases } from './cases/java-tools.ts'
import { kafkajsCases } from './cases/kafkajs.ts'
import { kcatCases } from './cases/kcat.ts'
import { listOffsetsCases } from './cases/list-offsets.ts'
import { metadataCases } from './cases/metadata.ts'
import { offsetCases } from './cases/offsets.ts'
import { ownClientCases } from './cases/own-client.ts'
import { produceCases } from './cases/produce.ts'
import { topicCases } from './cases/topics.ts'
import { transactionCases } from './cases/transactions.ts'
import type { ConformanceTarget, RunningTarget, Stage } from './target.ts'

const ABSENT: RunningTarget = { address: '', stop: () => Promise.resolve() }

/** What clients of Kafka may rely on. Every case passes on Apache Kafka: where the embedded broker fails one, the broker is wrong. */
export function conformance({ name, takesCluster, running }: ConformanceTarget): void {
  describeWith(`${name} conforms`, running, ABSENT, ({ address, stop }) => {
    afterAll(() => stop())
    const stage: Stage = {
      address,
      async connect() {
        const raw = await RawClient.connect(address)
        onTestFinished(() => raw.close())
        return raw
      },
    }
    apiVersionsCases(stage)
    metadataCases(stage)
    topicCases(stage)
    produceCases(stage)
    fetchCases(stage)
    listOffsetsCases(stage)
    groupCases(stage)
    offsetCases(stage)
    transactionCases(stage)
    configCases(stage)
    ownClientCases(stage)
    kafkajsCases(stage)
    kcatCases(stage)
    javaToolCases(stage)
    javaConnectCases(stage)
    if (takesCluster) javaConnectDistributedCases(stage)
  })
}
