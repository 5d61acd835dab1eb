import type { CsvFileMapping, CsvValue } from "../../schemas/csv-mapping.ts";
import { literal, literalList } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { columnOf, isConstant } from "./csv-value.ts";

/** Columns of which a file must have at least one, and where the mapping says so. */
interface Need {
  /** "events[0].start" */
  readonly key: string;
  readonly columns: readonly string[];
}

/**
 * What a file's mapping asks for and its header does not have: a sentence each, naming file, key, column and the column
 * that was probably meant. The columns of a file that has none of those asked for are not told, because its first line
 * may be no header but somebody's data.
 */
export async function missingColumns(
  warehouse: Warehouse,
  file: string,
  mapping: CsvFileMapping,
  header: readonly string[],
): Promise<string[]> {
  const present = new Set(header.map((name) => name.toLowerCase()));
  const has = (column: string) => present.has(column.toLowerCase());
  const needs = needsOf(mapping);
  const missing = needs.filter(({ columns }) => !columns.some(has));
  if (missing.length > 0 && missing.length === needs.length) {
    const asked = [...new Set(needs.flatMap(({ columns }) => columns))];
    return [
      `${file}: none of the columns ${asked.join(", ")} found. Its first line must hold the names of the columns.`,
    ];
  }
  return Promise.all(
    missing.map(async ({ key, columns }) => {
      const which = columns.length === 1 ? `column ${columns[0]}` : `none of the columns ${columns.join(", ")}`;
      const found = columns.length === 1 ? "not found" : "found";
      const closest = await closestName(warehouse, columns[0]!, header);
      return `${file}, ${key}: ${which} ${found}; there are ${header.join(", ")}. Did you mean ${closest}?`;
    }),
  );
}

function needsOf({ person, visit, events = [] }: CsvFileMapping): Need[] {
  const { address = {}, ...ofPerson } = person ?? {};
  return [
    ...needsIn("person", ofPerson),
    ...needsIn("person.address", address),
    ...needsIn("visit", visit ?? {}),
    ...events.flatMap(({ kind: _kind, type: _type, when, ...fields }, i) => [
      ...needsIn(`events[${i}]`, fields),
      ...(when === undefined ? [] : [{ key: `events[${i}].when`, columns: [columnOf(when)] }]),
    ]),
  ];
}

const required = new Set(["id", "birthDate", "person", "start"]);

function needsIn(place: string, fields: Readonly<Record<string, CsvValue | undefined>>): Need[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const items = Array.isArray(value) ? value : [value];
    const columns = items.flatMap((item) => (isConstant(item) ? [] : [columnOf(item)]));
    const mayBeAbsent = columns.length < items.length || (Array.isArray(value) && !required.has(name));
    return mayBeAbsent ? [] : [{ key: `${place}.${name}`, columns }];
  });
}

async function closestName(warehouse: Warehouse, name: string, names: readonly string[]): Promise<string> {
  const row = await warehouse.row<{ closest: string }>(
    `select arg_max(name, jaro_winkler_similarity(lower(name), lower(${literal(name)}))) as closest
     from (select unnest(${literalList(names)}) as name)`,
  );
  return row!.closest;
}
