const otherCharacters = /[^\u0000-\u007f]/g
const decimalDigit = /^\p{Nd}$/u

/** The digits of any script as 0 to 9, which is how Java reads numbers; everything else stays as it is. */
export function asciiDigits(text: string): string {
  return text.replace(otherCharacters, (character) => (decimalDigit.test(character) ? digitOf(character) : character))
}

/** Unicode keeps the ten digits of a script side by side, from zero. */
function digitOf(character: string): string {
  const code = character.charCodeAt(0)
  let first = code
  while (decimalDigit.test(String.fromCharCode(first - 1))) first--
  return String((code - first) % 10)
}
