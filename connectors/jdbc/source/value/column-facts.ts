import type { PgConnection, ResultColumn } from '../../dialect/connection.ts'
import { arrayLiteral } from '../../dialect/array-literal.ts'

/** What a result does not say of its columns, by place. */
export interface ColumnFacts {
  /** The column of the table is NOT NULL; false for expressions and columns of views. */
  readonly isRequired: boolean
  /** An identity column, or one whose default is from a sequence. */
  readonly isNumbered: boolean
  /** `pg_type.typname` */
  readonly typeName: string
  readonly isEnum: boolean
  /** Of an array: the type of its elements, of a domain the type below it; else null. */
  readonly element: ElementFacts | null
}

/** The type of an array's elements. */
export interface ElementFacts {
  readonly oid: number
  /** `pg_type.typname` */
  readonly typeName: string
  readonly isEnum: boolean
  /** As the column was declared; 1 where nothing is known. */
  readonly dimensions: number
}

const factsSql = `SELECT coalesce(a.attnotnull OR (d.typtype = 'd' AND d.typnotnull), false),
  coalesce(a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) LIKE '%nextval(%', false), t.typname, t.typtype = 'e', e.oid, e.typname, e.typtype = 'e', greatest(a.attndims, 1)
FROM unnest($1::oid[], $2::int4[], $3::oid[]) WITH ORDINALITY AS c(relation, attribute, type, place)
JOIN pg_catalog.pg_type t ON t.oid = c.type
LEFT JOIN pg_catalog.pg_type m ON m.oid = t.typelem AND m.typarray = t.oid
LEFT JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN m.typtype = 'd' THEN m.typbasetype ELSE m.oid END
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.attribute AND c.attribute > 0
LEFT JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum AND a.attgenerated = ''
ORDER BY c.place`

/** Looks the columns of a result up in the catalog. */
export async function readColumnFacts(connection: PgConnection, columns: readonly ResultColumn[]): Promise<readonly ColumnFacts[]> {
  const list = (value: (column: ResultColumn) => number) => arrayLiteral(columns.map((column) => String(value(column))))
  const values = [list(({ tableID }) => tableID), list(({ columnID }) => columnID), list(({ dataTypeID }) => dataTypeID)]
  const { rows } = await connection.queryPrepared(factsSql, values)
  return rows.map(([required, numbered, typeName, isEnum, ...element]) => ({
    isRequired: required === 't',
    isNumbered: numbered === 't',
    typeName: typeName ?? '',
    isEnum: isEnum === 't',
    element: elementFacts(element),
  }))
}

function elementFacts([oid, typeName, isEnum, dimensions]: readonly (string | null)[]): ElementFacts | null {
  if (oid === null || oid === undefined) return null
  return { oid: Number(oid), typeName: typeName ?? '', isEnum: isEnum === 't', dimensions: Number(dimensions) }
}
