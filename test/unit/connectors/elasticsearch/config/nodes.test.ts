import { describe, expect, it } from 'vitest'
import { readNode, readNodes, withoutUserInfo } from '../../../../../connectors/elasticsearch/config/nodes.ts'

describe('addresses of servers', () => {
  it('#80 are http without scheme, and lose a slash at the end', () => {
    expect(readNodes(['a:9200', 'https://b/es/']).map(({ url }) => url)).toEqual(['http://a:9200', 'https://b/es'])
  })

  it.each([
    ['127.0.0.1:9200', 'http://127.0.0.1:9200'],
    ['[::1]:9200', 'http://[::1]:9200'],
    ['http://h', 'http://h'],
    ['https://h/', 'https://h'],
    ['HTTPS://H:9243/a/b', 'https://h:9243/a/b'],
  ])('%s is %s', (text, url) => {
    expect(readNode(text)?.url).toBe(url)
  })

  it('count once, in their order', () => {
    expect(readNodes(['http://b', 'http://a', 'http://b/']).map(({ url }) => url)).toEqual(['http://b', 'http://a'])
  })

  it('may hold a user, up to the last @, with escapes', () => {
    const node = readNode('https://us%C3%A9r:p@ss:w%2Frd@h:9200')
    expect(node).toMatchObject({ url: 'https://h:9200', username: 'usér' })
    expect(node?.password?.value()).toBe('p@ss:w/rd')
  })

  it('may hold a user where there is no scheme', () => {
    expect(readNode('u:p@h:9200')).toMatchObject({ url: 'http://h:9200', username: 'u' })
    expect(readNode('u@h')).toMatchObject({ username: 'u', password: null })
  })

  it('do not print the password', () => {
    expect(JSON.stringify(readNode('http://u:secret@h'))).not.toContain('secret')
  })

  it.each(['', 'ht tp://bad', 'http://', 'ftp://h', 'http://h:port', 'http://a b'])('%j is none', (text) => {
    expect(readNode(text)).toBeNull()
  })

  it('are shown without user', () => {
    expect(withoutUserInfo('https://u:p@ss@h:9200/x@y')).toBe('https://h:9200/x@y')
    expect(withoutUserInfo('u:p@h')).toBe('h')
    expect(withoutUserInfo('http://h/a@b')).toBe('http://h/a@b')
    expect(withoutUserInfo('http://u:p/q@h')).toBe('http://h')
  })
})
