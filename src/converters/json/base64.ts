import { DataException } from '../../api/errors.ts'

const whole = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const group = /[\u0000- ]*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)/y
const blank = /^[\u0000- ]*$/

/**
 * Base64 as Jackson reads it: standard alphabet, padded; white space only between groups of four.
 * @throws DataException that says where the text breaks off
 */
export function decodeBase64(text: string): Buffer {
  return whole.test(text) ? Buffer.from(text, 'base64') : decodeGroups(text)
}

function decodeGroups(text: string): Buffer {
  const groups: Buffer[] = []
  group.lastIndex = 0
  let end = 0
  for (let match = group.exec(text); match !== null; match = group.exec(text)) {
    groups.push(Buffer.from(match[1] ?? '', 'base64'))
    end = group.lastIndex
  }
  if (blank.test(text.slice(end))) return Buffer.concat(groups)
  throw new DataException(`Not base64 from character ${String(end)}: ${JSON.stringify(text.slice(end, end + 20))}`)
}
