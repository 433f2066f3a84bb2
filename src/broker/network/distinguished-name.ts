/**
 * A certificate's subject as Java's X500Principal prints it (RFC 2253): the most special part first, with commas.
 * @param subject as Node gives it: one part a line, the most general first
 */
export function distinguishedName(subject: string): string {
  return subject
    .split('\n')
    .reverse()
    .map((part) => part.replace(/=([\s\S]*)/, (_, value: string) => `=${escaped(value)}`))
    .join(',')
}

function escaped(value: string): string {
  return value.replace(/[,+"\\<>;]|^[# ]| $/g, (character) => `\\${character}`)
}
