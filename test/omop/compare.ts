import { cdmTables } from "../../schemas/cdm.ts";
import type { Row } from "../../src/warehouse/values.ts";
import { aside, type GoldenCase, type Outcome, type Traced } from "./golden.ts";

type Rows = Record<string, readonly Row[]>;

/** What a case became and what it should become, cut to what the case speaks of. Equal when the case holds. */
export function compare(golden: GoldenCase, outcome: Outcome): { found: Rows; wanted: Rows } {
  const all = rowsOf(golden, outcome);
  const named: Rows = { dropped: [], ...golden.rows, ...(golden.dropped ? { dropped: golden.dropped } : {}) };
  const unexpected = Object.keys(all).filter((table) => !aside.has(table) && !(table in named));
  const wanted: Rows = {};
  const found: Rows = Object.fromEntries(unexpected.map((table) => [table, all[table]!]));
  const ids = new Map<string, unknown>();
  for (const [table, expected] of Object.entries(named)) {
    const rows = all[table] ?? [];
    wanted[table] = expected.map((row, i) => {
      const full = golden.exact ? { ...nulls(table), ...row } : row;
      return mapRow(full, (value, column) => meaning(value, { table, column, row: rows[i], golden, outcome, ids }));
    });
    found[table] = rows.map((row, i) => mapRow(wanted[table]![i] ?? row, (_, column) => row[column]));
  }
  return { found, wanted };
}

/** The rows of a case by table, in the order of its resources, their parts and targets. */
function rowsOf({ name, fhir }: GoldenCase, { rows }: Outcome): Rows {
  const order = fhir.map(({ id }) => id);
  const place = ({ resource_id, part, target }: Traced) => order.indexOf(resource_id) * 1e6 + part * 1e3 + target;
  const found = [...rows].map(([table, traced]) => {
    const own = traced.filter(({ source, resource_id }) => source === name && order.includes(resource_id));
    return [table, own.sort((a, b) => place(a) - place(b)).map(({ row }) => row)] as const;
  });
  return Object.fromEntries(found.filter(([, own]) => own.length > 0));
}

interface Place {
  readonly table: string;
  readonly column: string;
  readonly row: Row | undefined;
  readonly golden: GoldenCase;
  readonly outcome: Outcome;
  readonly ids: Map<string, unknown>;
}

/** What a value of a case stands for: `ref:ID` and `id:NAME` for ids, everything else for itself. */
function meaning(value: unknown, { table, column, row, golden, outcome, ids }: Place): unknown {
  const [, kind, name] = /^(ref|id):(.*)$/.exec(String(value)) ?? [];
  if (kind === undefined) return value;
  if (kind === "ref") {
    const target = columns(table).find((definition) => definition.name === column)?.references ?? table;
    const lineage = outcome.rows.get("lineage")!;
    const record = lineage.find(
      ({ source, resource_id, row }) => source === golden.name && resource_id === name && row.cdm_table === target,
    );
    return record?.row.cdm_id ?? `(no row of ${name} in ${target})`;
  }
  if (!ids.has(name!)) ids.set(name!, row?.[column]);
  return ids.get(name!);
}

const columns = (table: string) => cdmTables.find((definition) => definition.table === table)?.columns ?? [];

/** NULL for every column of a table but its own id. */
function nulls(table: string): Row {
  return Object.fromEntries(columns(table).flatMap(({ name, primaryKey }) => (primaryKey ? [] : [[name, null]])));
}

function mapRow(row: Row, change: (value: unknown, column: string) => unknown): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, change(value, column)])) as Row;
}
