const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const OPEN = 123
const CLOSE = 125

/**
 * JSON text as the line of a bulk request. Line breaks, which can only stand between the tokens, become spaces in a copy.
 * @param json one JSON value, by the contract of `rawJson`
 * @returns null when it is no object
 */
export function rawDocument(json: Buffer): Buffer | null {
  const text = json[0] === OPEN && json[json.length - 1] === CLOSE ? json : withoutOuterSpace(json)
  if (text[0] !== OPEN) return null
  return text.includes(NEWLINE) || text.includes(RETURN) ? inOneLine(text) : text
}

function withoutOuterSpace(json: Buffer): Buffer {
  let start = 0
  let end = json.length
  while (start < end && isSpace(json[start])) start++
  while (end > start && isSpace(json[end - 1])) end--
  return json.subarray(start, end)
}

function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && byte <= SPACE
}

function inOneLine(text: Buffer): Buffer {
  const line = Buffer.from(text)
  for (let at = 0; at < line.length; at++) if (line[at] === NEWLINE || line[at] === RETURN) line[at] = SPACE
  return line
}
