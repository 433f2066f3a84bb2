import type { Apis } from '../api.ts'
import { knownVersions } from '../protocol/codec.ts'
import { Errors } from '../protocol/errors.ts'
import type { ResponseMessages } from '../protocol/messages.ts'
import { repeated } from './api-failure.ts'

const QUOTA_ENTITIES: readonly string[] = ['user', 'client-id', 'ip']

/** Iterations that users of a password file get. */
const SCRAM_ITERATIONS = 4096
const SCRAM_SHA_256 = 1
const SCRAM_SHA_512 = 2

/** What tools ask for and of which there is little here, or nothing: one node moves no replicas and has no quotas. */
export function apisWithoutContent(scramUsers: readonly string[]): Apis {
  return {
    ListPartitionReassignments: {
      versions: knownVersions('ListPartitionReassignments'),
      answer: () => ({ throttleTimeMs: 0, errorCode: Errors.NONE, errorMessage: null, topics: [] }),
    },
    DescribeClientQuotas: {
      versions: knownVersions('DescribeClientQuotas'),
      answer: ({ components }) => quotas(components.map(({ entityType }) => entityType)),
    },
    DescribeUserScramCredentials: {
      versions: knownVersions('DescribeUserScramCredentials'),
      answer: ({ users }) =>
        scramCredentials(users === null || users.length === 0 ? scramUsers : users.map(({ name }) => name), scramUsers),
    },
  }
}

function quotas(entityTypes: readonly string[]): ResponseMessages['DescribeClientQuotas'] {
  const unknown = entityTypes.find((type) => !QUOTA_ENTITIES.includes(type))
  if (unknown === undefined) return { throttleTimeMs: 0, errorCode: Errors.NONE, errorMessage: '', entries: [] }
  return { throttleTimeMs: 0, errorCode: Errors.UNSUPPORTED_VERSION, errorMessage: `Unsupported entity type ${unknown}`, entries: null }
}

function scramCredentials(asked: readonly string[], known: readonly string[]): ResponseMessages['DescribeUserScramCredentials'] {
  const twice = repeated(asked)
  const results = [...new Set(asked)].map((user) => scramUser(user, known.includes(user), twice.has(user)))
  return { throttleTimeMs: 0, errorCode: Errors.NONE, errorMessage: '', results }
}

function scramUser(
  user: string,
  isKnown: boolean,
  isRepeated: boolean,
): ResponseMessages['DescribeUserScramCredentials']['results'][number] {
  if (isRepeated) {
    const errorMessage = `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`
    return { user, errorCode: Errors.DUPLICATE_RESOURCE, errorMessage, credentialInfos: [] }
  }
  if (!isKnown) {
    const errorMessage = `Attempt to describe a user credential that does not exist: ${user}`
    return { user, errorCode: Errors.RESOURCE_NOT_FOUND, errorMessage, credentialInfos: [] }
  }
  const credentialInfos = [SCRAM_SHA_256, SCRAM_SHA_512].map((mechanism) => ({ mechanism, iterations: SCRAM_ITERATIONS }))
  return { user, errorCode: Errors.NONE, errorMessage: null, credentialInfos }
}
