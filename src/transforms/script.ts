import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { ConfigDef } from '../api/config/config-def.ts'
import { validString } from '../api/config/validators.ts'
import { ConnectRecord } from '../api/connect-record.ts'
import type { ConnectValue } from '../api/data/connect-value.ts'
import type { SchemaAndValue } from '../api/data/schema-and-value.ts'
import { validateValue } from '../api/data/struct.ts'
import { ConfigException, ConnectException, DataException } from '../api/errors.ts'
import type { Props } from '../api/props.ts'
import type { Transformation } from '../api/transformation.ts'
import { recordPlace } from './record-text.ts'
import { notConfigured } from './side-transformation.ts'

const results = ['value', 'key', 'topic', 'filter', 'record'] as const

/** What the result of an expression is. */
type ResultKind = (typeof results)[number]

const config = new ConfigDef({
  module: {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'Path of a JavaScript module with the function, from the working directory of the worker. Either this or expression is needed.',
  },
  function: {
    type: 'string',
    default: 'default',
    importance: 'medium',
    doc: 'Export of the module: a function of a record that returns the record, a changed copy (record.newRecord({ topic })), or null to drop it. It must not be async.',
  },
  expression: {
    type: 'string',
    default: null,
    importance: 'high',
    doc: 'JavaScript expression of record, key, value, topic, partition, timestamp and headers, such as ({ ...value, total: value.price * value.count }).',
  },
  result: {
    type: 'string',
    default: 'value',
    validator: validString(...results),
    importance: 'medium',
    doc: 'What the expression gives: the new value, key or topic; filter: whether the record is kept; record: as a function of a module does.',
  },
})

type Apply = (record: ConnectRecord) => ConnectRecord | null

/**
 * Changes records by JavaScript: a function of a module, or an expression. Compiled once, called once a record, synchronous.
 * Values must not be changed in place. An error of the script becomes a DataException that says which record it was.
 */
export class Script implements Transformation {
  #apply: Apply = notConfigured

  config(): ConfigDef {
    return config
  }

  configure(props: Props): void {
    const { module, function: name, expression, result } = config.parse(props)
    if ((module === null) === (expression === null)) {
      throw new ConfigException(
        "Either 'module' or 'expression' must be set, and not both. Set expression for a line of JavaScript, module for more",
      )
    }
    this.#apply = module === null ? compileExpression(expression ?? '', result as ResultKind) : checkedRecord(loadFunction(module, name))
  }

  apply<R extends ConnectRecord>(record: R): R | null {
    try {
      return this.#apply(record) as R | null
    } catch (error) {
      if (error instanceof ConnectException) throw error
      throw new DataException(`Script failed for ${recordPlace(record)}: ${String(error)}`, { cause: error })
    }
  }
}

type ScriptFunction = (record: ConnectRecord) => unknown

/** Modules are loaded by `require`, which takes ECMAScript modules without top-level await and is synchronous. */
function loadFunction(path: string, name: string): ScriptFunction {
  const loaded = load(path)
  const found = loaded[name] ?? (name === 'default' ? loaded : undefined)
  if (typeof found === 'function') return found as ScriptFunction
  const exported = Object.keys(loaded)
    .filter((each) => each !== '__esModule')
    .join(', ')
  throw ConfigException.forKey(
    'function',
    name,
    `Module ${path} exports no such function. It exports ${exported === '' ? 'nothing' : exported}`,
  )
}

function load(path: string): Readonly<Record<string, unknown>> {
  try {
    return createRequire(import.meta.url)(resolve(path)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw ConfigException.forKey('module', path, `The module cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Reads only what the expression names: a value that is not named is not parsed. */
function compileExpression(expression: string, result: ResultKind): Apply {
  const names = {
    key: 'record.key',
    value: 'record.value',
    topic: 'record.topic',
    partition: 'record.kafkaPartition',
    timestamp: 'record.timestamp',
    headers: 'record.headers',
  }
  const used = Object.entries(names).filter(([name]) => new RegExp(`\\b${name}\\b`).test(expression))
  const body = [`'use strict'`, ...used.map(([name, source]) => `const ${name} = ${source}`), `return (${expression}\n)`].join('\n')
  return applyResult(compileFunction(expression, body), result)
}

function compileFunction(expression: string, body: string): ScriptFunction {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a configuration is code of the operator's, as a module is
    return new Function('record', body) as ScriptFunction
  } catch (error) {
    throw ConfigException.forKey('expression', expression, error instanceof Error ? error.message : String(error))
  }
}

function applyResult(evaluate: ScriptFunction, result: ResultKind): Apply {
  switch (result) {
    case 'value':
      return (record) => {
        const valueData = changedData(record.valueData, evaluate(record))
        return valueData === record.valueData ? record : record.newRecord({ valueData })
      }
    case 'key':
      return (record) => {
        const keyData = changedData(record.keyData, evaluate(record))
        return keyData === record.keyData ? record : record.newRecord({ keyData })
      }
    case 'topic':
      return (record) => record.newRecord({ topic: topicOf(evaluate(record)) })
    case 'filter':
      return (record) => (isTrue(evaluate(record)) ? record : null)
    case 'record':
      return checkedRecord(evaluate)
  }
}

/** The result with the schema that was there, which it must fit. */
function changedData(data: SchemaAndValue, result: unknown): SchemaAndValue {
  if (result === undefined) throw new TypeError('the expression gave undefined. Give null for no value')
  refusePromise(result)
  const value = result as ConnectValue
  if (value === data.value) return data
  if (data.schema !== null) validateValue(data.schema, value)
  return { schema: data.schema, value, rawJson: null }
}

function isTrue(result: unknown): boolean {
  refusePromise(result)
  return Boolean(result)
}

function topicOf(result: unknown): string {
  if (typeof result === 'string' && result !== '') return result
  throw new TypeError(`the expression gave ${describe(result)} for a topic. Give a text that is not empty`)
}

function checkedRecord(evaluate: ScriptFunction): Apply {
  return (record) => {
    const result = evaluate(record)
    if (result === null || result instanceof ConnectRecord) return result
    refusePromise(result)
    throw new TypeError(`it returned ${describe(result)}. Return the record, a changed copy, or null to drop it`)
  }
}

function refusePromise(result: unknown): void {
  if (result instanceof Promise) throw new TypeError('it returned a promise. A script must not be async')
}

function describe(result: unknown): string {
  return result === undefined || typeof result === 'boolean' || typeof result === 'string'
    ? (JSON.stringify(result) ?? 'undefined')
    : typeof result
}
