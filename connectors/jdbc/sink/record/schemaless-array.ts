import { ConnectSchema, OPTIONAL_STRING_SCHEMA, type ConnectValue } from 'standpipe/api'
import { arrayElement, literalOfArrays } from '../../dialect/array-literal.ts'
import { jsonText } from './json-text.ts'

/** Stands for arrays without a schema. */
export const anyArray = new ConnectSchema({ type: 'ARRAY', optional: true, valueSchema: OPTIONAL_STRING_SCHEMA })

/**
 * An array without a schema as the server reads it. Arrays inside of it are its further dimensions, unless elements are JSON; a text is a
 * literal already.
 */
export function schemalessArrayText(value: ConnectValue, holdsJson: boolean): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : `{${arrayElement(jsonText(value, null))}}`
  const elements = (value as readonly ConnectValue[]).map((each) => {
    if (Array.isArray(each) && !holdsJson) return schemalessArrayText(each as readonly ConnectValue[], holdsJson)
    if (each === null) return 'NULL'
    return arrayElement(typeof each === 'string' && !holdsJson ? each : jsonText(each, null))
  })
  return literalOfArrays(elements)
}
