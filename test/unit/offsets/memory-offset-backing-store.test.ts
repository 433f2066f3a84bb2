import { describe } from 'vitest'
import { MemoryOffsetBackingStore } from '../../../src/offsets/memory-offset-backing-store.ts'
import { offsetBackingStoreContract } from '../../contract/offset-backing-store.ts'

describe('MemoryOffsetBackingStore', () => {
  offsetBackingStoreContract(() => ({ open: () => new MemoryOffsetBackingStore(), survivesRestart: false }))
})
