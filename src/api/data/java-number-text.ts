/**
 * Java's text of a double: `1.0`, `1.0E10`, `4.9E-324`. Digits are the fewest that read back as the same number,
 * at least two (JDK 19 and later, Double.toString).
 */
export function doubleText(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-3 && magnitude < 1e7) return Number.isInteger(value) ? `${String(value)}.0` : String(value)
  return edgeText(value) ?? scientific(value.toExponential(), value)
}

/** Java's text of a float: digits are the fewest that read back as the same 32-bit number. */
export function floatText(value: number): string {
  const float = Math.fround(value)
  const edge = edgeText(float)
  if (edge !== null) return edge
  const exponential = shortestFloat(float)
  const magnitude = Math.abs(float)
  if (magnitude < 1e-3 || magnitude >= 1e7) return scientific(exponential, float)
  const plain = String(Number(exponential))
  return plain.includes('.') ? plain : `${plain}.0`
}

function edgeText(value: number): string | null {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  return Number.isFinite(value) ? null : String(value)
}

/** @param shortest the number in exponential form; of one digit only, it is written with two */
function scientific(shortest: string, value: number): string {
  const exponential = shortest.includes('.') ? shortest : value.toExponential(1)
  return exponential.replace('+', '').replace('e', 'E')
}

/** The float in exponential form with the fewest digits, two at least. */
function shortestFloat(float: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = float.toExponential(digits)
    if (Math.fround(Number(text)) === float) return halfToEven(text, float.toExponential(digits + 1), float)
  }
  return float.toExponential(9)
}

/** toExponential rounds a half away from zero, Java to the even digit. @param longer the same number with one digit more */
function halfToEven(text: string, longer: string, float: number): string {
  const at = longer.indexOf('e')
  const isHalf = longer[at - 1] === '5' && Number(longer) === float
  if (!isHalf || Number(text[text.indexOf('e') - 1]) % 2 === 0) return text
  const down = longer.slice(0, at - 1) + longer.slice(at)
  return Math.fround(Number(down)) === float ? down : text
}
