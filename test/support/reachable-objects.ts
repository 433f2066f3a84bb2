import { Session, type Runtime } from 'node:inspector'

/**
 * Everything that can be reached from an object, as a debugger sees it: through private fields, accessors' targets, maps and promises too.
 * @param visit gets each object once
 */
export function eachReachable(root: object, visit: (object: object, path: string) => void): number {
  const session = new Session()
  session.connect()
  const found = new Set<object>()
  const globals = globalThis as unknown as Record<string, unknown>
  globals.reachableRoot = root
  globals.reachableSeen = (object: object, path: string): boolean => {
    if (found.has(object)) return false
    found.add(object)
    visit(object, path)
    return true
  }
  try {
    const { result } = post<Runtime.EvaluateReturnType>(session, 'Runtime.evaluate', { expression: 'globalThis.reachableRoot' })
    const open: [Runtime.RemoteObject, string][] = [[result, '']]
    for (let next = open.pop(); next !== undefined; next = open.pop()) open.push(...childrenOf(session, ...next))
  } finally {
    delete globals.reachableRoot
    delete globals.reachableSeen
    session.disconnect()
  }
  return found.size
}

/** None for an object that was seen before, and for what belongs to the whole process. */
function childrenOf(session: Session, { objectId, subtype, type }: Runtime.RemoteObject, path: string): [Runtime.RemoteObject, string][] {
  if (objectId === undefined || type === 'function' || subtype === 'typedarray' || path.split('.').length > 40) return []
  const seen = post<Runtime.CallFunctionOnReturnType>(session, 'Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: 'function (path) { return globalThis.reachableSeen(this, path) }',
    arguments: [{ value: path }],
    returnByValue: true,
  })
  if (seen.result.value !== true) return []
  const { result, internalProperties, privateProperties } = post<PropertiesWithPrivate>(session, 'Runtime.getProperties', {
    objectId,
    ownProperties: true,
  })
  const inside = (internalProperties ?? []).filter(({ name }) => name === '[[Entries]]' || name === '[[PromiseResult]]')
  return [...result, ...inside, ...(privateProperties ?? [])].flatMap(({ name, value }) =>
    value === undefined || value.type !== 'object' || value.objectId === undefined ? [] : [[value, `${path}.${name}`]],
  )
}

type PropertiesWithPrivate = Runtime.GetPropertiesReturnType & {
  readonly privateProperties?: readonly { readonly name: string; readonly value?: Runtime.RemoteObject }[]
}

/** Commands to one's own process are answered before `post` returns. */
function post<Result>(session: Session, method: string, params: object): Result {
  let outcome: { readonly error: Error | null; readonly result: unknown } | undefined
  session.post(method, params, (error, result) => (outcome = { error, result }))
  if (outcome?.error) throw new Error(`${method} failed: ${JSON.stringify(outcome.error)}`)
  return outcome?.result as Result
}
