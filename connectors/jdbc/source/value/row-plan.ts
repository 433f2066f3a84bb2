import { ConnectSchema, DataException, type ConnectStruct, type ConnectValue, type Field, type Logger } from 'standpipe/api'
import type { ResultColumn, SqlText } from '../../dialect/connection.ts'
import type { ValueSettings } from '../config/settings.ts'
import type { ColumnFacts } from './column-facts.ts'
import { arrayForm } from './array-form.ts'
import { columnForm, textForm } from './column-form.ts'
import { Moment } from './moment.ts'
import { schemaOf, type ColumnForm } from './numeric-column.ts'

/** A column that becomes a field. */
interface PlannedColumn {
  readonly name: string
  readonly place: number
  readonly optional: boolean
  readonly read: (text: string) => ConnectValue
}

/** How rows of one result become structs. Made anew when the columns change, so that records share one schema object until then. */
export class RowPlan {
  readonly schema: ConnectSchema
  readonly #columns: readonly PlannedColumn[]

  private constructor(schema: ConnectSchema, columns: readonly PlannedColumn[]) {
    this.schema = schema
    this.#columns = columns
  }

  /**
   * @param name of the schema: the table without its schema; null for a query
   * @throws DataException where a column cannot be taken and shall not be left out
   */
  static of(
    columns: readonly ResultColumn[],
    facts: readonly ColumnFacts[],
    name: string | null,
    settings: ValueSettings,
    log: Logger,
  ): RowPlan {
    const moment = new Moment(settings.zone, settings.calendar)
    const fields = new Map<string, Field>()
    const planned: PlannedColumn[] = []
    for (const [place, column] of columns.entries()) {
      const fact = facts[place]
      const form = knownForm(column, fact, settings, moment) ?? unsupported(column, fact, name, settings, log)
      if (form === null) continue
      if (fields.has(column.name)) {
        log.warn(
          `The result of ${name ?? 'the query'} has two columns named ${column.name}: the second is left out. Give it another name with AS.`,
        )
        continue
      }
      const optional = fact?.isRequired !== true
      fields.set(column.name, { name: column.name, index: fields.size, schema: schemaOf(form, optional) })
      planned.push({ name: column.name, place, optional, read: form.read })
    }
    return new RowPlan(new ConnectSchema({ type: 'STRUCT', name, fields: [...fields.values()] }), planned)
  }

  /** @throws DataException that names the column */
  struct(row: readonly SqlText[]): ConnectStruct {
    const struct: Record<string, ConnectValue> = {}
    for (const column of this.#columns) {
      const text = row[column.place] ?? null
      struct[column.name] = text === null ? null : this.#value(column, text)
    }
    return struct
  }

  #value(column: PlannedColumn, text: string): ConnectValue {
    try {
      return column.read(text)
    } catch (error) {
      if (column.optional && text === 'NaN') return null
      throw new DataException(
        `Column ${column.name} of ${this.schema.name ?? 'the query'}: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    }
  }
}

function knownForm(column: ResultColumn, fact: ColumnFacts | undefined, settings: ValueSettings, moment: Moment): ColumnForm | null {
  const { dataTypeID: oid, dataTypeModifier: modifier } = column
  if (fact?.isEnum === true) return textForm
  const element = settings.takesArrays ? (fact?.element ?? null) : null
  if (element === null) return columnForm(oid, modifier, settings, moment)
  const form = element.isEnum ? textForm : columnForm(element.oid, modifier, settings, moment)
  return form === null ? null : arrayForm(form)
}

function unsupported(
  column: ResultColumn,
  fact: ColumnFacts | undefined,
  table: string | null,
  settings: ValueSettings,
  log: Logger,
): ColumnForm | null {
  const type = fact?.typeName ?? `with OID ${column.dataTypeID}`
  const what = `Column ${column.name} of ${table ?? 'the query'} is of type ${type}, which Connect has no type for`
  switch (settings.unsupportedTypes) {
    case 'string':
      return textForm
    case 'fail':
      throw new DataException(`${what}. Cast it in a query, or set unsupported.types=string.`)
    case 'drop':
      log.warn(`${what}: it is left out. Set unsupported.types=string to have its text.`)
      return null
  }
}
