import { onTestFinished } from 'vitest'
import { ScriptedCluster, type ScriptedClusterOptions } from '../../../support/scripted-broker/scripted-cluster.ts'

/** A scripted cluster that ends with the test. */
export async function startCluster(options: ScriptedClusterOptions): Promise<ScriptedCluster> {
  const cluster = await ScriptedCluster.start(options)
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  return cluster
}

/** Values of all partitions, one partition after the other. */
export function inLog(cluster: ScriptedCluster, topic: string): string[] {
  return cluster.allRecords(topic).map(({ value }) => value ?? '')
}

/** Where a partition's log, whose values are increasing numbers, goes back. */
export function outOfOrder(cluster: ScriptedCluster, topic: string): string[] {
  const found: string[] = []
  for (const partition of cluster.describe(topic, false)!.keys()) {
    const values = cluster.records(topic, partition).map(({ value }) => Number(value))
    values.forEach((value, index) => {
      if (index > 0 && value <= values[index - 1]!) found.push(`partition ${partition}: ${value} after ${values[index - 1]}`)
    })
  }
  return found
}
