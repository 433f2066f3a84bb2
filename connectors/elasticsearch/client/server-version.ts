/** Whether a version such as `7.8.1` or `8.0.0-SNAPSHOT` comes before another; only the numbers count. */
export function isOlder(version: string, than: string): boolean {
  const own = numbersOf(version)
  const other = numbersOf(than)
  const at = other.findIndex((number, index) => (own[index] ?? 0) !== number)
  return at >= 0 && (own[at] ?? 0) < (other[at] ?? 0)
}

function numbersOf(version: string): number[] {
  return version
    .split(/[.-]/)
    .slice(0, 3)
    .map((part) => Number.parseInt(part, 10) || 0)
}
