import type { Apis, ApiEntry } from '../api.ts'
import type { DecodedRequest } from '../protocol/codec.ts'
import { ApiError, Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { findCoordinatorApi, type CoordinatorNode } from './find-coordinator.ts'
import type { Group } from './group.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import { NO_BYTES, type GroupMember } from './group-member.ts'
import { offsetCommitApi, txnOffsetCommitApi } from './offset-commit-apis.ts'
import { offsetDeleteApi } from './offset-delete-api.ts'
import { offsetFetchApi } from './offset-fetch-api.ts'

/** Everything that clients ask of a group's coordinator. */
export function groupApis(coordinator: GroupCoordinator, node: CoordinatorNode): Apis {
  return {
    FindCoordinator: findCoordinatorApi(node),
    JoinGroup: joinGroupApi(coordinator),
    SyncGroup: syncGroupApi(coordinator),
    Heartbeat: heartbeatApi(coordinator),
    LeaveGroup: leaveGroupApi(coordinator),
    DescribeGroups: describeGroupsApi(coordinator),
    ListGroups: listGroupsApi(coordinator),
    DeleteGroups: deleteGroupsApi(coordinator),
    OffsetCommit: offsetCommitApi(coordinator),
    OffsetFetch: offsetFetchApi(coordinator),
    OffsetDelete: offsetDeleteApi(coordinator),
    TxnOffsetCommit: txnOffsetCommitApi(coordinator),
  }
}

function joinGroupApi(coordinator: GroupCoordinator): ApiEntry<'JoinGroup'> {
  return {
    versions: [0, 9],
    answer: async (request, context) => {
      const answer = await coordinator.join(request, context)
      // null came with version 7
      return context.version < 7 ? { ...answer, protocolName: answer.protocolName ?? '' } : answer
    },
  }
}

function syncGroupApi(coordinator: GroupCoordinator): ApiEntry<'SyncGroup'> {
  return {
    versions: [0, 5],
    answer: (request, { version }) => {
      const isNamed = request.protocolType !== null && request.protocolName !== null
      if (version >= 5 && !isNamed) return { errorCode: Errors.INCONSISTENT_GROUP_PROTOCOL, assignment: NO_BYTES }
      return coordinator.sync(request)
    },
  }
}

function heartbeatApi(coordinator: GroupCoordinator): ApiEntry<'Heartbeat'> {
  return { versions: [0, 4], answer: (request) => ({ errorCode: errorCodeOf(() => coordinator.heartbeat(request)) }) }
}

function leaveGroupApi(coordinator: GroupCoordinator): ApiEntry<'LeaveGroup'> {
  return {
    versions: [0, 5],
    answer: ({ groupId, memberId, members }, { version }) => {
      const leaving = version < 3 ? [{ memberId, groupInstanceId: null }] : members
      try {
        const left = coordinator.leave(groupId, leaving)
        return version < 3 ? { errorCode: left[0]?.errorCode ?? Errors.NONE } : { errorCode: Errors.NONE, members: left }
      } catch (error) {
        return { errorCode: apiErrorOf(error).error }
      }
    },
  }
}

/** READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, as bits: there are no ACLs, so everybody may. */
const ALL_GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11)
const OPERATIONS_NOT_ASKED_FOR = -(2 ** 31)

type DescribedGroup = ResponseMessages['DescribeGroups']['groups'][number]

function describeGroupsApi(coordinator: GroupCoordinator): ApiEntry<'DescribeGroups'> {
  return {
    versions: [0, 6],
    answer: ({ groups, includeAuthorizedOperations }, { version }) => ({
      groups: groups.map((id) => described(coordinator, id, version, includeAuthorizedOperations)),
    }),
  }
}

function described(coordinator: GroupCoordinator, groupId: string, version: number, withOperations: boolean): DescribedGroup {
  const authorizedOperations = withOperations ? ALL_GROUP_OPERATIONS : OPERATIONS_NOT_ASKED_FOR
  try {
    return { ...describedGroup(coordinator.group(groupId)), authorizedOperations }
  } catch (error) {
    const { error: errorCode, message: errorMessage } = apiErrorOf(error)
    const dead = { groupId, groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
    // before version 6 a group that does not exist is no error
    return version < 6 ? { ...dead, errorCode: Errors.NONE, authorizedOperations } : { ...dead, errorCode, errorMessage }
  }
}

function describedGroup(group: Group): DescribedGroup {
  const protocolData = group.state === 'Stable' ? (group.protocolName ?? '') : ''
  return {
    errorCode: Errors.NONE,
    groupId: group.id,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData,
    members: Array.from(group.members.values(), (member) => describedMember(group, member)),
  }
}

function describedMember(group: Group, member: GroupMember): DescribedGroup['members'][number] {
  return {
    memberId: member.id,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    memberMetadata: group.state === 'Stable' ? member.metadata(group.protocolName) : NO_BYTES,
    memberAssignment: member.assignment,
  }
}

function listGroupsApi(coordinator: GroupCoordinator): ApiEntry<'ListGroups'> {
  return {
    versions: [0, 5],
    answer: ({ statesFilter, typesFilter }) => {
      const states = lowerCased(statesFilter)
      const types = lowerCased(typesFilter)
      if (types.size > 0 && !types.has('classic')) return { errorCode: Errors.NONE, groups: [] }
      const groups = [...coordinator.groups()].filter(({ state }) => states.size === 0 || states.has(state.toLowerCase()))
      return { errorCode: Errors.NONE, groups: groups.map(listedGroup) }
    },
  }
}

function lowerCased(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()))
}

function listedGroup({ id, protocolType, state }: Group): ResponseMessages['ListGroups']['groups'][number] {
  return { groupId: id, protocolType: protocolType ?? '', groupState: state, groupType: 'classic' }
}

function deleteGroupsApi(coordinator: GroupCoordinator): ApiEntry<'DeleteGroups'> {
  return {
    versions: [0, 2],
    answer: async ({ groupsNames }: DecodedRequest<'DeleteGroups'>) => {
      const deletions = groupsNames.map(async (groupId) => ({ groupId, errorCode: await errorCodeOfDeletion(coordinator, groupId) }))
      return { throttleTimeMs: 0, results: await Promise.all(deletions) }
    },
  }
}

async function errorCodeOfDeletion(coordinator: GroupCoordinator, groupId: string): Promise<number> {
  try {
    await coordinator.deleteGroup(groupId)
    return Errors.NONE
  } catch (error) {
    return apiErrorOf(error).error
  }
}

function errorCodeOf(action: () => void): number {
  try {
    action()
    return Errors.NONE
  } catch (error) {
    return apiErrorOf(error).error
  }
}

/** @throws the error, if it is no answer for a client */
function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  throw error
}
