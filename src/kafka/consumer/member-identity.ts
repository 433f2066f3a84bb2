import type { ConsumerGroupMetadata } from '../ports.ts'
import type { GroupMemberIdentity } from '../protocol/group-member.ts'

const NO_GENERATION = -1

/** Who we are in the group just now, shared by those who speak to its coordinator. */
export class MemberIdentity {
  readonly groupId: string
  /** Null: dynamic member. */
  readonly groupInstanceId: string | null
  generationId = NO_GENERATION
  /** '' until the coordinator named us. */
  memberId = ''

  constructor(groupId: string, groupInstanceId: string | null) {
    this.groupId = groupId
    this.groupInstanceId = groupInstanceId
  }

  /** Dynamic members say good-bye; static ones come back under their name. */
  get leavesGroup(): boolean {
    return this.groupInstanceId === null && this.memberId !== ''
  }

  loseGeneration(keepMemberId: boolean): void {
    this.generationId = NO_GENERATION
    if (!keepMemberId) this.memberId = ''
  }

  snapshot(): GroupMemberIdentity & ConsumerGroupMetadata {
    const { groupId, generationId, memberId, groupInstanceId } = this
    return { groupId, generationId, memberId, groupInstanceId }
  }
}
