import { ConfigException } from '../../api/errors.ts'

/** How a field is named: V1 takes the text as it is, V2 reads a path of steps (KIP-821). */
export type FieldSyntaxVersion = 'V1' | 'V2'

/**
 * The steps from a struct or map to a field inside of it. In V2 dots separate the steps; a name with dots is put between backticks,
 * where a backslash before a backtick that a dot follows makes it part of the name. Apache Kafka 4.3, SingleFieldPath.
 * @throws ConfigException for a backtick that is not closed
 */
export function parseFieldPath(text: string, version: FieldSyntaxVersion): readonly string[] {
  if (version === 'V1') return [text]
  if (text === '') throw ConfigException.forKey('field', text, 'A field path needs at least one name')
  const steps: string[] = []
  let index = 0
  while (index < text.length) {
    const { step, next } = text[index] === '`' ? quotedStep(text, index) : plainStep(text, index)
    steps.push(step)
    index = next
  }
  if (text.endsWith('.')) steps.push('')
  return steps
}

interface Step {
  readonly step: string
  /** Where the next one begins. */
  readonly next: number
}

function plainStep(text: string, start: number): Step {
  const dot = text.indexOf('.', start)
  const end = dot < 0 ? text.length : dot
  return { step: text.slice(start, end), next: end + 1 }
}

/** @param opening index of the first backtick */
function quotedStep(text: string, opening: number): Step {
  let step = ''
  let start = opening + 1
  for (let tick = text.indexOf('`', start); tick >= 0; tick = text.indexOf('`', tick + 1)) {
    const isLast = tick === text.length - 1
    const isEscaped = text[tick - 1] === '\\'
    if (!isLast && text[tick + 1] !== '.') continue
    if (!isEscaped) return { step: step + text.slice(start, tick), next: tick + 2 }
    if (isLast) break
    step += `${text.slice(start, tick - 1)}\``
    start = tick + 1
  }
  throw new ConfigException(
    `Incomplete backtick pair in path: [${text}], consider adding a backslash before backtick at position ${String(opening)} to escape it`,
  )
}
