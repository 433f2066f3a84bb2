import type { ConnectStruct, ConnectValue } from '../api/data/connect-value.ts'

/** A map or struct while it is being made. Nobody else has seen it yet. */
export type NewFields = Record<string, ConnectValue | undefined>

/** Sets a field whatever its name: assigning to `__proto__` would change the prototype. */
export function setField(fields: NewFields, name: string, value: ConnectValue | undefined): void {
  if (name === '__proto__') Object.defineProperty(fields, name, { value, writable: true, enumerable: true, configurable: true })
  else fields[name] = value
}

/** A field as it is; null when absent. What every object inherits is no field: functions, and Object.prototype under `__proto__`. */
export function fieldOf(fields: ConnectStruct, name: string): ConnectValue {
  const value = fields[name]
  return value === undefined || typeof value === 'function' || value === Object.prototype ? null : value
}
