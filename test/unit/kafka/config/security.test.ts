import { describe, expect, it } from 'vitest'
import { Password } from '../../../../src/api/config/password.ts'
import { parseJaasConfig } from '../../../../src/kafka/config/jaas.ts'
import { parseAdminConfig } from '../../../../src/kafka/config/admin-config.ts'
import { clientSecurity } from '../../../../src/kafka/config/security.ts'
import { CollectingLogger } from '../../../support/fakes/collecting-logger.ts'

const security = async (props: Readonly<Record<string, string>>, log = new CollectingLogger()) =>
  clientSecurity(parseAdminConfig({ 'bootstrap.servers': 'a:1', ...props }, log), log)

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return expect.unreachable('expected an error')
}

describe('sasl.jaas.config', () => {
  it.each([
    ['a.PlainLoginModule required username="u" password="p";', { username: 'u', password: 'p' }],
    ["a.PlainLoginModule required username='u' password='p;q' ;", { username: 'u', password: 'p;q' }],
    ['a.PlainLoginModule REQUIRED username= "u\\"x" password =p;', { username: 'u"x', password: 'p' }],
    ['a.PlainLoginModule required /* c */ username="u" password="p" // x\n;', { username: 'u', password: 'p' }],
    ['a.PlainLoginModule required password="\\t\\101";', { password: '\tA' }],
    ['a.PlainLoginModule required;', {}],
  ])('%s', (text, options) => {
    const entry = parseJaasConfig(text)
    expect([entry.loginModule, Object.fromEntries(entry.options)]).toEqual(['a.PlainLoginModule', options])
  })

  it.each([
    ['', 'it does not begin with the class name'],
    ['a.B username="hush";', 'a.B must be followed by required'],
    ['a.B required username="hush"', 'it must end with a semicolon'],
    ['a.B required username="hush", password="hush";', 'there is a , between options'],
    ['a.B required username="hush;', 'a quote is not closed'],
    ['a.B required username;', 'option username has no value'],
    ['a.B required a=hush; a.B required a=hush;', 'there must be one login module'],
  ])('refuses %s and shows no value', (text, reason) => {
    expect(() => parseJaasConfig(text)).toThrow(reason)
    expect(messageOf(() => parseJaasConfig(text))).not.toContain('hush')
  })
})

describe('security of a client', () => {
  it('is none by default', async () => {
    expect(await security({})).toEqual({ tls: null, sasl: null })
  })

  it('reads a login of PLAIN and SCRAM', async () => {
    const line = 'org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="p";'
    const { sasl } = await security({ 'security.protocol': 'sasl_plaintext', 'sasl.mechanism': 'SCRAM-SHA-512', 'sasl.jaas.config': line })
    expect(sasl).toEqual({ mechanism: 'SCRAM-SHA-512', username: 'u', password: new Password('p'), isDelegationToken: false })
  })

  it.each([
    ['PLAIN', 'kafkashaded.org.apache.kafka.common.security.plain.PlainLoginModule'],
    ['plain', 'org.apache.flink.kafka.shaded.org.apache.kafka.common.security.plain.PlainLoginModule'],
    ['SCRAM-SHA-256', 'com.vendor.ScramLoginModule'],
    ['SCRAM-SHA-512', 'ScramLoginModule'],
  ])('takes the login module of %s under the package of a vendor, %s', async (mechanism, module) => {
    const line = `${module} required username="u" password="p" tokenauth="true" serviceName="kafka";`
    const { sasl } = await security({ 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': mechanism, 'sasl.jaas.config': line })
    expect(sasl).toMatchObject({ mechanism: mechanism.toUpperCase(), username: 'u', isDelegationToken: true })
  })

  it('follows nothing of SASL and TLS that security.protocol does not ask for', async () => {
    const stale = { 'sasl.mechanism': 'GSSAPI', 'sasl.jaas.config': 'nonsense', 'ssl.truststore.location': '/nowhere' }
    expect(await security({ 'security.protocol': 'PLAINTEXT', ...stale })).toEqual({ tls: null, sasl: null })
  })

  it.each([
    [
      { 'sasl.mechanism': 'AWS_MSK_IAM' },
      'it needs Amazon’s Java library; MSK takes SCRAM-SHA-512 too. Set PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER',
    ],
    [{ 'sasl.mechanism': 'DIGEST-MD5' }, 'Invalid value DIGEST-MD5 for configuration sasl.mechanism: not supported. Set PLAIN'],
    [{ 'sasl.mechanism': '' }, 'mechanism must be non-null and non-empty string'],
    [
      { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': 'x.ScramLoginModule required;' },
      'x.ScramLoginModule is not the login module of PLAIN. Write org.apache.kafka.common.security.plain.PlainLoginModule required username=',
    ],
    [
      { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': 'x.NotThePlainLoginModule required;' },
      'x.NotThePlainLoginModule is not the login module of PLAIN',
    ],
    [
      { 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': 'x.PlainLoginModule required username="u";' },
      'x.PlainLoginModule needs the option password',
    ],
    [{ 'sasl.mechanism': 'PLAIN', 'sasl.login.class': 'x.Login' }, 'sasl.login.class: Java classes cannot be loaded'],
    [
      { 'sasl.mechanism': 'PLAIN', 'sasl.client.callback.handler.class': 'x.C' },
      'sasl.client.callback.handler.class: Java classes cannot be loaded',
    ],
  ])('SASL refuses %j and says what to do', async (props, reason) => {
    await expect(security({ 'security.protocol': 'SASL_PLAINTEXT', ...props })).rejects.toThrow(reason)
  })

  it.each([
    [
      { 'security.protocol': 'SASL_SSL' },
      'Invalid value GSSAPI for configuration sasl.mechanism: Kerberos is not supported (it is Java’s default',
    ],
    [{ 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' }, 'sasl.jaas.config is not set'],
    [{ 'security.protocol': 'SSL', 'ssl.truststore.location': '/nowhere/ca.pem' }, 'ENOENT'],
    [{ 'security.protocol': 'SSL', 'ssl.keystore.key': 'x' }, 'SSL private key is specified, but certificate chain is not specified.'],
    [{ 'security.protocol': 'SSL', 'ssl.enabled.protocols': 'SSLv3' }, 'names no protocol up to ssl.protocol=TLSv1.3'],
  ])('refuses %j', async (props, reason) => {
    await expect(security(props as Record<string, string>)).rejects.toThrow(reason)
  })
})
