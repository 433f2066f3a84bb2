import { describe, expect, it } from 'vitest'
import { parseConnectorFile, readConnectorFile } from '../../../src/cli/connector-file.ts'

const parse = (text: string) => parseConnectorFile(Buffer.from(text), 'c.json')

describe('connector files', () => {
  it('keep the line of every key of a properties file', () => {
    expect(parse('# c\nname=a\n\nfile=b\n').lines).toEqual(
      new Map([
        ['name', 2],
        ['file', 4],
      ]),
    )
  })

  it('say why a broken JSON file was not read as JSON', () => {
    expect(() => parse('{"name": "a",}')).toThrow(
      /^Connector configuration at 'c.json' is missing the mandatory 'name' configuration. It was read as properties, since as JSON it is not usable: /,
    )
  })

  it('name the initial_state that does not exist', () => {
    expect(() => parse('{"name":"a","config":{},"initial_state":"FOO"}')).toThrow(
      '"initial_state" is "FOO", not RUNNING, PAUSED or STOPPED',
    )
  })

  it('say that a create request needs its config', () => {
    expect(() => parse('{"name":"a","x":[1]}')).toThrow('has nested values but no "config" object')
  })

  it('refuse a create request whose config sets the name to null, as Java does', () => {
    expect(() => parse('{"config":{"name":null}}')).toThrow("Connector name configuration in 'config' doesn't match")
  })

  it('take a key named __proto__ as data', () => {
    expect(Object.keys(parse('{"name":"a","__proto__":"x"}').config)).toEqual(['name', '__proto__'])
  })

  it('fail with path and reason when the file is not there', async () => {
    await expect(readConnectorFile('/nowhere/c.json')).rejects.toThrow(
      /^Connector configuration at '\/nowhere\/c.json' cannot be read: ENOENT/,
    )
  })
})
