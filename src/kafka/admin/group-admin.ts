import { ERROR_CODES } from '../error-codes.ts'
import { groupNotAuthorized, KafkaError, kafkaError } from '../errors.ts'
import type { Metadata } from '../metadata.ts'
import type { GroupDescription, TopicPartition, TopicPartitionOffset } from '../ports.ts'
import { deleteGroups } from '../protocol/delete-groups.ts'
import { describeGroups } from '../protocol/describe-groups.ts'
import { offsetCommit } from '../protocol/offset-commit.ts'
import { offsetDelete } from '../protocol/offset-delete.ts'
import { offsetFetch } from '../protocol/offset-fetch.ts'
import type { ApiRequest, Transport } from '../transport.ts'
import type { AdminCalls } from './admin-calls.ts'

const [GROUP_AUTHORIZATION_FAILED, GROUP_ID_NOT_FOUND] = [30, 69]
/** UNKNOWN_MEMBER_ID (to a commit without a member), NON_EMPTY_GROUP, GROUP_SUBSCRIBED_TO_TOPIC. */
const HAS_MEMBERS = new Set([25, 68, 86])

/** Calls that go to a group's coordinator. */
export class GroupAdmin {
  readonly #calls: AdminCalls
  readonly #transport: Transport
  readonly #metadata: Metadata

  constructor(calls: AdminCalls, transport: Transport, metadata: Metadata) {
    this.#calls = calls
    this.#transport = transport
    this.#metadata = metadata
  }

  async offsets(group: string): Promise<readonly TopicPartitionOffset[]> {
    const request = offsetFetch({ groupId: group, partitions: null, requireStable: false })
    const { partitions } = await this.#atCoordinator('listing the offsets', group, request, (answer) => [
      answer.error,
      ...errorsOf(answer.partitions),
    ])
    return partitions.filter(({ offset }) => offset >= 0).map(({ topic, partition, offset }) => ({ topic, partition, offset }))
  }

  async describe(group: string): Promise<GroupDescription> {
    const { groups } = await this.#atCoordinator('asking for the state', group, describeGroups([group]), (answer) =>
      errorsOf(answer.groups),
    )
    const [described] = groups
    if (described === undefined) throw groupError(GROUP_ID_NOT_FOUND, group)
    const { groupId, state, protocolType, members } = described
    return { groupId, state, protocolType, members }
  }

  async alterOffsets(group: string, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return
    const request = offsetCommit({ groupId: group, generationId: -1, memberId: '', groupInstanceId: null }, offsets)
    await this.#atCoordinator('altering the offsets', group, request, (answer) => errorsOf(answer.partitions))
  }

  async deleteOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    const request = offsetDelete(group, partitions)
    await this.#atCoordinator('deleting offsets', group, request, (answer) => [answer.error, ...errorsOf(answer.partitions)])
  }

  async delete(group: string): Promise<void> {
    await this.#atCoordinator('deletion', group, deleteGroups([group]), (answer) => errorsOf(answer.groups))
  }

  /** Asks the coordinator, and forgets it when it says, or shows by not answering, that it is not the one. */
  #atCoordinator<R>(what: string, group: string, request: ApiRequest<R>, errors: (answer: R) => readonly number[]): Promise<R> {
    return this.#calls.run(`${what} of group ${group}`, async ({ signal }) => {
      const node = await this.#metadata.coordinator('group', group, signal)
      try {
        const answer = await this.#transport.send(node, 'coordinator', request)
        const error = errors(answer).find((code) => code !== 0)
        if (error !== undefined) throw groupError(error, group)
        return answer
      } catch (error) {
        if (error instanceof KafkaError && error.refresh !== 'none') this.#metadata.forgetCoordinator('group', group)
        throw error
      }
    })
  }
}

function errorsOf(items: readonly { readonly error: number }[]): number[] {
  return items.map(({ error }) => error)
}

/** Java's sentence, then what it means for the group. */
function groupError(error: number, group: string): KafkaError {
  if (error === GROUP_AUTHORIZATION_FAILED) return groupNotAuthorized(group)
  const meaning = HAS_MEMBERS.has(error) ? `Group ${group} has active members: stop them first` : `(group ${group})`
  return kafkaError(error, { message: `${ERROR_CODES.get(error)?.text ?? `The server answered error code ${error}.`} ${meaning}` })
}
