import { committedOffsets, endOffset } from './kafka-records.ts'
import { WorkerProcess } from './worker-process.ts'

/** Waits until that share of the work is done, 0 to 1. */
export type UntilShare = (share: number) => Promise<void>

/** Shares of the work at which something goes wrong: spread over it, each at a random point of its part. */
export function* sharesOf(troubles: number): Generator<number> {
  for (let trouble = 0; trouble < troubles; trouble++) yield (trouble + Math.random()) / (troubles + 1)
}

/** Starts workers, and kills all but the last in the middle of their work. @returns the one that is not killed */
export async function killWorkers(files: readonly string[], kills: number, untilShare: UntilShare): Promise<WorkerProcess> {
  for (const share of sharesOf(kills)) {
    const worker = new WorkerProcess(files)
    await untilShare(share)
    await worker.kill()
  }
  return new WorkerProcess(files)
}

/** Whether a sink has committed everything there is in the topic. */
export async function isAllCommitted(kafka: string, topic: string, sink: string, partitions: number): Promise<boolean> {
  const committed = await committedOffsets(kafka, `connect-${sink}`)
  for (let partition = 0; partition < partitions; partition++)
    if (committed[partition] !== (await endOffset(kafka, topic, partition))) return false
  return true
}
