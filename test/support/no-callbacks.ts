import type { RebalanceListener } from '../../src/kafka/ports.ts'

/** For consumers whose test is not about rebalances. */
export const noCallbacks: RebalanceListener = {
  onPartitionsAssigned: () => Promise.resolve(),
  onPartitionsRevoked: () => Promise.resolve(),
  onPartitionsLost: () => Promise.resolve(),
}
