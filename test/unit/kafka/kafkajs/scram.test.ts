import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Password } from '../../../../src/api/config/password.ts'
import { ScramExchange, type ScramCredentials } from '../../../../src/kafka/kafkajs/scram.ts'

const credentials = (changes: Partial<ScramCredentials> = {}): ScramCredentials => ({
  mechanism: 'SCRAM-SHA-256',
  username: 'user',
  password: new Password('pencil'),
  isDelegationToken: false,
  ...changes,
})

const SERVER_NONCE = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const SERVER_FIRST = `r=${SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`

/** What goes wrong with a server's first message. */
async function refusal(serverFirst: string, exchange = new ScramExchange(credentials(), 'rOprNGfwEbeRWgbNEkqO')): Promise<string> {
  return exchange.answer(Buffer.from(serverFirst)).then(
    () => expect.unreachable('it was taken'),
    (error: unknown) => (error as Error).message,
  )
}

describe('SCRAM', () => {
  it('speaks as the example of RFC 7677', async () => {
    const exchange = new ScramExchange(credentials(), 'rOprNGfwEbeRWgbNEkqO')
    expect(String(exchange.first)).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
    expect(String(await exchange.answer(Buffer.from(SERVER_FIRST)))).toBe(
      `c=biws,r=${SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    )
    expect(await exchange.answer(Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))).toBeNull()
  })

  it.each([
    ['v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95GA=', 'the broker’s signature is wrong'],
    ['v=AAAA', 'the broker’s signature is wrong'],
    ['', 'the broker’s signature is wrong'],
    ['e=other-error', 'the broker answers other-error'],
  ])('does not trust a server whose last message is %j', async (serverFinal, reason) => {
    const exchange = new ScramExchange(credentials(), 'rOprNGfwEbeRWgbNEkqO')
    await exchange.answer(Buffer.from(SERVER_FIRST))
    expect(await refusal(serverFinal, exchange)).toContain(reason)
  })

  it.each([
    [SERVER_FIRST.replace('i=4096', 'i=100001'), 'the broker asks for 100001 iterations, allowed are 4096 to 100000'],
    [SERVER_FIRST.replace('i=4096', 'i=4095'), 'the broker asks for 4095 iterations'],
    [SERVER_FIRST.replace('i=4096', 'i=4096x'), 'the broker asks for 4096x iterations'],
    [SERVER_FIRST.replace('r=r', 'r=x'), 'the broker’s nonce does not continue the client’s'],
    [SERVER_FIRST.replace(SERVER_NONCE, 'rOprNGfwEbeRWgbNEkqO'), 'the broker’s nonce does not continue the client’s'],
    ['nonsense', 'the broker’s first answer is malformed'],
    ['e=unknown-user', 'the broker answers unknown-user'],
  ])('K38 refuses the server’s first message %j', async (serverFirst, reason) => {
    expect(await refusal(serverFirst)).toContain(reason)
  })

  it('writes signs of its own syntax in a name as the RFC says, and tells a delegation token', () => {
    expect(String(new ScramExchange(credentials({ username: 'a=b,c', isDelegationToken: true }), 'n').first)).toBe(
      'n,,n=a=3Db=2Cc,r=n,tokenauth=true',
    )
  })

  it('takes a new nonce each time', () => {
    expect(String(new ScramExchange(credentials()).first)).not.toBe(String(new ScramExchange(credentials()).first))
  })

  it('proves a password of any characters to a server that keeps no password, with SHA-512', async () => {
    const password = 'pässwörd=,"'
    const exchange = new ScramExchange(credentials({ mechanism: 'SCRAM-SHA-512', password: new Password(password) }), 'abc')
    const salted = pbkdf2Sync(password, 'salt', 100_000, 64, 'sha512')
    const hmac = (key: Buffer, text: string): Buffer => createHmac('sha512', key).update(text).digest()
    const storedKey = createHash('sha512').update(hmac(salted, 'Client Key')).digest()
    const serverFirst = `r=abcdef,s=${Buffer.from('salt').toString('base64')},i=100000`

    const [, withoutProof = '', proof = ''] = /^(.*),p=(.*)$/.exec(String(await exchange.answer(Buffer.from(serverFirst))))!
    const authMessage = `n=user,r=abc,${serverFirst},${withoutProof}`
    const signature = hmac(storedKey, authMessage)
    const clientKey = Buffer.from(proof, 'base64').map((byte, index) => byte ^ signature[index]!)

    expect(createHash('sha512').update(clientKey).digest()).toEqual(storedKey)
    expect(await exchange.answer(Buffer.from(`v=${hmac(hmac(salted, 'Server Key'), authMessage).toString('base64')}`))).toBeNull()
  })
})
