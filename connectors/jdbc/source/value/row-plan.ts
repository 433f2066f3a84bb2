import {
  ConnectSchema,
  DataException,
  TextStruct,
  type ConnectStruct,
  type ConnectValue,
  type Field,
  type Logger,
  type SchemaAndValue,
} from 'standpipe/api'
import type { ResultColumn, SqlText } from '../../dialect/connection.ts'
import type { ValueSettings } from '../config/settings.ts'
import type { ColumnFacts, ElementFacts } from './column-facts.ts'
import { arrayForm } from './array-form.ts'
import { columnForm, textForm, typeOids } from './column-form.ts'
import { hstoreForm } from './hstore-form.ts'
import { Moment } from './moment.ts'
import { schemaOf, verbatim, type ColumnForm } from './numeric-column.ts'

/** A column that becomes a field. */
interface PlannedColumn {
  readonly name: string
  readonly place: number
  readonly optional: boolean
  readonly form: ColumnForm
}

/**
 * How rows of one result become structs. Made anew when the columns change, so that records share one schema object until then.
 * Where every column has a text of Connect's, values are made only for those who ask for them; JSON is written from the texts.
 */
export class RowPlan {
  readonly schema: ConnectSchema
  readonly #columns: readonly PlannedColumn[]
  /** Null: some columns are arrays or maps, so that values are made at once. */
  readonly #texts: readonly ((text: string) => string)[] | null

  private constructor(schema: ConnectSchema, columns: readonly PlannedColumn[]) {
    this.schema = schema
    this.#columns = columns
    const texts = columns.flatMap(({ form }) => form.text ?? [])
    this.#texts = texts.length === columns.length ? texts : null
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
      planned.push({ name: column.name, place, optional, form })
    }
    return new RowPlan(new ConnectSchema({ type: 'STRUCT', name, fields: [...fields.values()] }), planned)
  }

  /** @throws DataException that names the column */
  data(row: readonly SqlText[]): SchemaAndValue {
    return this.#texts === null
      ? { schema: this.schema, value: this.#struct(row) }
      : new TextStruct(this.schema, this.#fieldTexts(row, this.#texts))
  }

  #fieldTexts(row: readonly SqlText[], texts: readonly ((text: string) => string)[]): SqlText[] {
    const columns = this.#columns
    const fields = new Array<SqlText>(columns.length)
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index] as PlannedColumn
      const text = row[column.place] ?? null
      const toText = texts[index] as (text: string) => string
      fields[index] = text === null || toText === verbatim ? text : this.#converted(column, text, toText)
    }
    return fields
  }

  #struct(row: readonly SqlText[]): ConnectStruct {
    const struct: Record<string, ConnectValue> = {}
    for (const column of this.#columns) {
      const text = row[column.place] ?? null
      const value = text === null ? null : this.#converted(column, text, column.form.read)
      if (column.name === '__proto__') Object.defineProperty(struct, column.name, { value, enumerable: true })
      else struct[column.name] = value
    }
    return struct
  }

  #converted<T>(column: PlannedColumn, text: string, convert: (text: string) => T): T | null {
    try {
      return convert(text)
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
  if (fact?.typeName === 'hstore') return hstoreForm(settings.hstoreUse)
  const element = settings.takesComplexTypes ? (fact?.element ?? null) : null
  if (element === null) return columnForm(oid, modifier, settings, moment)
  const form = elementForm(element, modifier, settings, moment)
  return form === null ? null : arrayForm(form, element.dimensions)
}

/** Numbers without declared digits stay texts: as decimals each would have 127 digits. */
function elementForm(element: ElementFacts, modifier: number, settings: ValueSettings, moment: Moment): ColumnForm | null {
  if (element.isEnum || (element.oid === typeOids.numeric && modifier < 0)) return textForm
  if (element.typeName === 'hstore') return hstoreForm(settings.hstoreUse === 'none' ? 'json' : settings.hstoreUse)
  return columnForm(element.oid, modifier, settings, moment)
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
