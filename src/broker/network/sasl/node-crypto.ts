/** Node's `node:crypto`, loaded when the first client authenticates: it takes a tenth of the broker's start. */
export function nodeCrypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}
