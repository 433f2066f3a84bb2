import { readFile } from 'node:fs/promises'
import type { NullableProps } from '../api/config/prefix.ts'
import { ConnectException } from '../api/errors.ts'
import { parseProperties } from '../properties/parse-properties.ts'
import { firstJsonObject, type JsonObject, type JsonText } from './json-text.ts'

/** The state a connector is created in. */
export type InitialState = 'RUNNING' | 'PAUSED' | 'STOPPED'

/** A connector as its file describes it. */
export interface ConnectorFile {
  /** Null only in JSON files that say so. */
  readonly name: string | null
  readonly config: NullableProps
  /** Null: not given, which means running. */
  readonly initialState: InitialState | null
  /** Line of each key; null for JSON. */
  readonly lines: ReadonlyMap<string, number> | null
}

/** @throws ConnectException when the file cannot be read or is no connector configuration */
export async function readConnectorFile(path: string): Promise<ConnectorFile> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new ConnectException(
      `Connector configuration at '${path}' cannot be read: ${messageOf(error)}. Check the path and its permissions`,
      {
        cause: error,
      },
    )
  }
  return parseConnectorFile(bytes, path)
}

/**
 * The content decides the form, not the file's name: a flat JSON object, the JSON of a create request, or Java properties.
 * Apache Kafka 4.3, ConnectStandalone#parseConnectorConfigurationFile.
 */
export function parseConnectorFile(bytes: Buffer, path: string): ConnectorFile {
  const json = firstJsonObject(bytes)
  if ('problem' in json) return fromProperties(bytes, path, json.problem)
  if (isFlat(json.object)) return fromFlatJson(json.object, path)
  const request = createRequest(json.object)
  return 'problem' in request ? fromProperties(bytes, path, request.problem) : fromRequest(request, path)
}

function isFlat(object: JsonObject): object is NullableProps {
  return Object.values(object).every((value) => typeof value !== 'object' || value === null)
}

function fromFlatJson(config: NullableProps, path: string): ConnectorFile {
  if (!Object.hasOwn(config, 'name')) throw missingName(path, 'Add "name": "…" to the JSON object')
  return { name: config['name'] ?? null, config, initialState: null, lines: null }
}

interface CreateRequest {
  readonly name: string | null
  readonly config: NullableProps | null
  readonly initialState: InitialState | null
}

/** The parts of a create request; unknown fields are ignored. */
function createRequest(object: JsonObject): CreateRequest | { readonly problem: string } {
  const name = ownText(object, 'name')
  const config = Object.hasOwn(object, 'config') ? (object['config'] ?? null) : null
  const state = ownText(object, 'initial_state')
  if (name === undefined) return { problem: '"name" is not a text' }
  if (config !== null && (typeof config !== 'object' || Array.isArray(config) || !isFlat(config))) {
    return { problem: '"config" is not an object of texts, numbers and booleans' }
  }
  const initialState = state?.toUpperCase() ?? null
  if (state === undefined || !isInitialState(initialState)) {
    return { problem: `"initial_state" is ${JSON.stringify(state ?? null)}, not RUNNING, PAUSED or STOPPED` }
  }
  return { name, config, initialState }
}

/** Null when absent or null; undefined when it is no scalar. */
function ownText(object: JsonObject, field: string): string | null | undefined {
  const value: JsonText = Object.hasOwn(object, field) ? (object[field] ?? null) : null
  return value === null || typeof value === 'string' ? value : undefined
}

function isInitialState(state: string | null): state is InitialState | null {
  return state === null || state === 'RUNNING' || state === 'PAUSED' || state === 'STOPPED'
}

function fromRequest({ name, config, initialState }: CreateRequest, path: string): ConnectorFile {
  if (config === null) {
    throw new ConnectException(
      `Connector configuration at '${path}' has nested values but no "config" object. Write either one flat object, or {"name": …, "config": {…}}`,
    )
  }
  if (Object.hasOwn(config, 'name') && (config['name'] === null || config['name'] !== name)) {
    throw new ConnectException(`Connector name configuration in 'config' doesn't match the one specified in 'name' at '${path}'`)
  }
  return { name, config: { ...config, name }, initialState, lines: null }
}

function fromProperties(bytes: Buffer, path: string, jsonProblem: string | null): ConnectorFile {
  const { props, lines } = parseProperties(bytes.toString('latin1'), path)
  const name = Object.hasOwn(props, 'name') ? props['name'] : undefined
  if (name === undefined) {
    throw missingName(
      path,
      jsonProblem === null ? 'Add a line name=…' : `It was read as properties, since as JSON it is not usable: ${jsonProblem}`,
    )
  }
  return { name, config: props, initialState: null, lines }
}

function missingName(path: string, advice: string): ConnectException {
  return new ConnectException(`Connector configuration at '${path}' is missing the mandatory 'name' configuration. ${advice}`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
