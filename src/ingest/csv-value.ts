import type { CsvCondition, CsvFileMapping, CsvValue } from "../../schemas/csv-mapping.ts";
import { identifier, literal } from "../warehouse/sql-text.ts";

/** The columns of a landing table, in lower case, because names of columns have no case in SQL. */
export type ColumnNames = ReadonlySet<string>;

/** One place of a mapping that takes something from the columns of a file. */
export interface MappedValue {
  /** Where in the mapping: "events[0].start". */
  readonly key: string;
  /** The columns it names. Where there are several alternatives, each may be absent. */
  readonly columns: readonly string[];
  readonly alternatives: boolean;
}

const requiredKeys = /(^|\.)(id|birthDate|person|start)$/;

/** Every place of a file's mapping that names a column. */
export function mappedValues({ person, visit, events }: CsvFileMapping): MappedValue[] {
  if (person) {
    const { address = {}, ...fields } = person;
    return [...valuesIn("person", fields), ...valuesIn("person.address", address)];
  }
  if (visit) return valuesIn("visit", visit);
  return (events ?? []).flatMap(({ kind: _kind, type: _type, when, ...fields }, i) => [
    ...valuesIn(`events[${i}]`, fields),
    ...(when === undefined ? [] : [{ key: `events[${i}].when`, columns: [columnOf(when)], alternatives: false }]),
  ]);
}

function valuesIn(place: string, fields: Readonly<Record<string, CsvValue | undefined>>): MappedValue[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const key = `${place}.${name}`;
    const items = Array.isArray(value) ? value : [value];
    const columns = items.flatMap((item) => (isConstant(item) ? [] : [columnOf(item)]));
    return [{ key, columns, alternatives: Array.isArray(value) && (!requiredKeys.test(key) || columns.length < items.length) }];
  });
}
