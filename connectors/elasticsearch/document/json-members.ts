/** A member at the top of a JSON object: its name, and where the text of its value begins and ends. */
export interface JsonMember {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** The members at the top of a JSON object, in order. @param json one object, known to be well-formed */
export function jsonMembers(json: string): JsonMember[] {
  const members: JsonMember[] = []
  let at = skipSpace(json, json.indexOf('{') + 1)
  while (json[at] !== '}') {
    const nameEnd = stringEnd(json, at)
    const start = skipSpace(json, skipSpace(json, nameEnd) + 1)
    const end = valueEnd(json, start)
    members.push({ name: JSON.parse(json.slice(at, nameEnd)) as string, start, end })
    at = skipSpace(json, end)
    if (json[at] === ',') at = skipSpace(json, at + 1)
  }
  return members
}

function skipSpace(json: string, position: number): number {
  let at = position
  while (json.charCodeAt(at) <= 0x20) at++
  return at
}

function stringEnd(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

function valueEnd(json: string, start: number): number {
  const first = json[start]
  if (first === '"') return stringEnd(json, start)
  if (first === '{' || first === '[') return bracketEnd(json, start)
  let at = start
  while (!/[,}\]\s]/.test(json[at] ?? '}')) at++
  return at
}

function bracketEnd(json: string, start: number): number {
  let depth = 0
  let at = start
  do {
    const character = json[at]
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    at = character === '"' ? stringEnd(json, at) : at + 1
  } while (depth > 0)
  return at
}
