const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

/** What to do about a port that does not answer, or not as a broker does: the usual reason is the wrong `security.protocol`. */
export function portAdvice({ tls, sasl }: { readonly tls: object | null; readonly sasl: object | null }): string {
  const current = `${sasl === null ? '' : 'SASL_'}${tls === null ? 'PLAINTEXT' : 'SSL'}`
  const others = PROTOCOLS.filter((protocol) => protocol !== current).join(', ')
  return `If this repeats, check that security.protocol matches the port: it is ${current}, and the listener may want another (${others})`
}
