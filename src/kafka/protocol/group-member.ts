/** How a group member names itself in Heartbeat, SyncGroup and OffsetCommit. */
export interface GroupMemberIdentity {
  readonly groupId: string
  readonly generationId: number
  readonly memberId: string
  /** Null: dynamic member. */
  readonly groupInstanceId: string | null
}
