/** What a reader made of what it had to read, when a restart may send it back and nothing else may happen. */
export interface Walk {
  /** Times it went back: what a restart does. */
  readonly rewinds: number
  /** Times it went on behind something it had not read: a loss, or broken order. One text each. */
  readonly jumps: readonly string[]
}

/**
 * Follows `output` over `input`. Each element must be the next one of the input, or one that was read before. An input with repeated
 * elements leaves several places open: all are followed, so that a jump is told only where there is no other explanation.
 */
export function walkOver(input: readonly number[], output: readonly number[]): Walk {
  const placesOf = Map.groupBy(input.keys(), (place) => input[place])
  const jumps: string[] = []
  let rewinds = 0
  let furthest = -1
  let at = [-1]
  for (const [index, element] of output.entries()) {
    const next = at.map((place) => place + 1).filter((place) => input[place] === element)
    if (next.length > 0) {
      at = next
    } else {
      const places = placesOf.get(element) ?? []
      const back = places.filter((place) => place <= furthest)
      if (back.length > 0) rewinds++
      else jumps.push(`output ${index} is ${element}, at ${places.join(' and ') || 'no place'} of the input, which was read to ${furthest}`)
      at = back.length > 0 ? back : places
    }
    furthest = Math.max(furthest, at.at(-1) ?? furthest)
  }
  return { rewinds, jumps }
}
