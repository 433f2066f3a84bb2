/** A table with a column of every type that the JDBC source knows, or gives as text. */
import type { PostgresqlServer } from '../services/postgresql.ts'
import type { ComparedTable } from './table-differences.ts'

interface TypedColumn {
  readonly type: string
  /** SQL of two rows. */
  readonly values: readonly [string, string]
  /** What the copy is, where Connect's types do not carry the original: type, and the value in SQL on the original column `c`. */
  readonly copy?: readonly [string, string]
}

const same = (type: string, first: string, second: string): TypedColumn => ({ type, values: [first, second] })

/** Timestamps are Connect's, of milliseconds. */
const columns: Readonly<Record<string, TypedColumn>> = {
  truth: same('bool', 'true', 'false'),
  small: same('int2', '-32768', '32767'),
  int: same('int4', '-2147483648', '2147483647'),
  big: same('int8', '-9223372036854775808', '9223372036854775807'),
  object: same('oid', '4294967295', '1'),
  real: same('float4', '0.1', '-3.4e38'),
  double: same('float8', '0.1', '1.7976931348623157e308'),
  number: same('numeric', '12.340', '-123456789012345678901234567890.000000000001'),
  whole: same('numeric(20,0)', '99999999999999999999', '-1'),
  price: same('numeric(10,2)', '12345678.90', '-0.01'),
  money: same('money', "'$1,234.56'", "'-$0.01'"),
  fixed: same('char(5)', "'ab'", "'ü'"),
  varying: same('varchar(20)', '\'a "quoted" \\ text\'', "''"),
  text: same('text', "E'line\\nand\\ttab, NULL'", "'{€ 😀}'"),
  name: same('name', "'a_name'", "'b'"),
  letter: same('"char"', "'x'", "'y'"),
  mood: same('mood', "'sad'", "'very happy'"),
  uuid: same('uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000000'"),
  json: same('json', `'{"a": [1, null]}'`, "'7'"),
  jsonb: same('jsonb', `'{"b": {"c": "\\"d"}}'`, "'[]'"),
  xml: same('xml', '\'<a b="c">d</a>\'', "'text'"),
  bytes: same('bytea', String.raw`'\x0001ff'`, "''"),
  flag: { type: 'bit(1)', values: ["B'1'", "B'0'"], copy: ['bool', "c = B'1'"] },
  few_bits: { type: 'bit(8)', values: ["B'00000011'", "B'00000100'"], copy: ['int2', 'c::text::int2'] }, // as Java: the digits as a number
  many_bits: { type: 'bit(12)', values: ["B'101010101010'", "B'000000000000'"], copy: ['bytea', "convert_to(c::text, 'UTF8')"] },
  some_bits: same('varbit(9)', "B'10101'", "B''"),
  day: same('date', "'2024-02-29'", "'0001-01-01'"),
  time: same('time', "'23:59:59.999'", "'00:00:00'"),
  zoned_time: { type: 'timetz', values: ["'10:00:00.5+02'", "'18:00:00-05'"], copy: ['timetz', "c AT TIME ZONE 'UTC'"] },
  moment: same('timestamp', "'2024-03-10 02:30:00.123'", "'1969-12-31 23:59:59.999'"),
  instant: same('timestamptz', "'2024-03-10 02:30:00.123+05:30'", "'1900-01-01 00:00:00+00'"),
  interval: same('interval', "'1 year 2 mons 3 days 04:05:06.789'", "'-00:00:01'"),
  inet: same('inet', "'10.0.0.1/8'", "'::1'"),
  cidr: same('cidr', "'10.0.0.0/8'", "'2001:db8::/32'"),
  mac: same('macaddr', "'08:00:2b:01:02:03'", "'00:00:00:00:00:00'"),
  mac8: same('macaddr8', "'08:00:2b:01:02:03:04:05'", "'00:00:00:00:00:00:00:00'"),
  insensitive: same('citext', "'MiXed'", "''"),
  tree: same('ltree', "'Top.Science'", "'a'"),
  pairs: same('hstore', `'a=>1, "b c"=>NULL'`, "''"),
  words: same('tsvector', "'a fat cat'", "''"),
  range: same('int4range', "'[1,10)'", "'empty'"),
  ranges: same('datemultirange', "'{[2024-01-01,2024-02-01)}'", "'{}'"),
  point: same('point', "'(1.5,-2)'", "'(0,0)'"),
  polygon: same('polygon', "'((0,0),(1,1),(1,0))'", "'((0,0))'"),
  place: same('pg_lsn', "'16/B374D848'", "'0/0'"),
  pair: same('pair', `ROW(7, 'a "b", c')`, 'ROW(NULL, NULL)'),
  domain: same('positive', '1', '2'),
  ints: same('int4[]', "'{1,NULL,3}'", "'{}'"),
  bigs: same('int8[]', "'{9223372036854775807}'", "'{-1,0}'"),
  reals: same('float8[]', "'{0.1,-2.5}'", "'{1e300}'"),
  texts: same('text[]', `'{a,"b \\"c\\"","",NULL,"NULL"}'`, "'{}'"),
  truths: same('bool[]', "'{t,f,NULL}'", "'{}'"),
  prices: same('numeric(10,2)[]', "'{1.50,-0.01}'", "'{}'"),
  days: same('date[]', "'{2024-02-29,1969-12-31}'", "'{}'"),
  moments: same('timestamp[]', '\'{"2024-03-10 02:30:00.123"}\'', "'{}'"),
  uuids: same('uuid[]', "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", "'{}'"),
  moods: same('mood[]', '\'{sad,"very happy"}\'', "'{}'"),
  blobs: same('bytea[]', String.raw`'{"\\x01ff"}'`, "'{}'"),
  table_of_ints: same('int4[][]', "'{{1,2},{3,4}}'", "'{}'"),
}

const types = `CREATE EXTENSION citext; CREATE EXTENSION ltree; CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('sad', 'very happy'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN positive AS int CHECK (VALUE > 0);`

/** The last row has nothing but its key. */
export const everyTypeRows = 3

export const everyType: ComparedTable = {
  name: 'every_type',
  key: 'id',
  copied: Object.fromEntries(
    Object.entries(columns).flatMap(([name, { copy }]) => (copy === undefined ? [] : [[name, copy[1].replace(/\bc\b/, `"${name}"`)]])),
  ),
}

/** @param isCopy without rows, and with the types that Connect's values go into */
export async function makeEveryType(server: PostgresqlServer, database: string, isCopy: boolean): Promise<void> {
  const declared = Object.entries(columns).map(([name, { type, copy }]) => `"${name}" ${isCopy ? (copy?.[0] ?? type) : type}`)
  await server.query(database, `${types} CREATE TABLE ${everyType.name} (id int8 PRIMARY KEY, ${declared.join(', ')})`)
  if (isCopy) return
  for (const row of [0, 1] as const) {
    const values = Object.values(columns).map((column) => column.values[row])
    await server.query(database, `INSERT INTO ${everyType.name} VALUES (${row + 1}, ${values.join(', ')})`)
  }
  await server.query(database, `INSERT INTO ${everyType.name} (id) VALUES (${everyTypeRows})`)
}
