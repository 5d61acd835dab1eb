import { cdmTables } from "../../schemas/cdm.ts";
import {
  type CsvCondition,
  type CsvFileMapping,
  type CsvTest,
  type CsvValue,
  csvParts,
} from "../../schemas/csv-mapping.ts";

/** Columns that a mapping names in one place, of which a file must have one. */
export interface CsvReference {
  /** The keys that lead to it, below the file: ["events", 0, "start"]. */
  readonly path: readonly (string | number)[];
  readonly columns: readonly string[];
  /** Whether it does without. */
  readonly mayBeAbsent?: boolean;
}

/** Every place in which the mapping of a file names columns. SQL expressions are not looked into. */
export function csvReferences(mapping: CsvFileMapping): CsvReference[] {
  const parts = csvParts.flatMap((name) => {
    const part = mapping[name];
    if (part === undefined) return [];
    if (!Array.isArray(part)) return inPart([name], part);
    return part.flatMap((each, i) => inPart([name, i], each));
  });
  // A column that the file may lack elsewhere may be lacking here: no row is then found.
  const optional = new Set(parts.flatMap(({ columns, mayBeAbsent }) => (mayBeAbsent ? columns : [])));
  const joins = Object.entries(mapping.join ?? {}).flatMap(([alias, { on }]) =>
    Object.entries(on).flatMap(([ours, theirs]) => {
      const path = ["join", alias, "on", ours];
      return [
        { path, columns: [ours], mayBeAbsent: optional.has(ours) },
        { path, columns: [`${alias}.${theirs}`] },
      ];
    }),
  );
  return [
    ...joins,
    ...inCondition(["when"], mapping.when),
    ...inCondition(["reference"], mapping.reference),
    ...parts,
    ...ofCdmTable(mapping),
  ];
}

/** The columns that a table of the CDM cannot do without. */
function ofCdmTable({ cdm }: CsvFileMapping): CsvReference[] {
  const columns = cdmTables.find(({ table }) => table === cdm)?.columns ?? [];
  return columns.filter(({ required }) => required).map(({ name }) => ({ path: ["cdm"], columns: [name] }));
}

/** Every column that a mapping names of its own file, those among them that may be absent. */
export function columnsNamedIn(mapping: CsvFileMapping): string[] {
  const joined = new Set(Object.keys(mapping.join ?? {}));
  const named = csvReferences(mapping).flatMap(({ columns }) => columns);
  return [...new Set(named.filter((name) => !joined.has(name.split(".", 1)[0]!)))];
}

const required = new Set(["id", "birthDate", "person", "start", "text"]);
const noValues = new Set(["kind", "type", "of"]);

function inPart(path: readonly (string | number)[], part: object): CsvReference[] {
  return Object.entries(part).flatMap(([name, field]): CsvReference[] => {
    const place = [...path, name];
    if (field === undefined || noValues.has(name)) return [];
    if (name === "when") return inCondition(place, field);
    if (name === "address") return inPart(place, field);
    if (name === "unpivot") {
      const { columns } = field as { columns: string[] | Record<string, unknown> };
      const names = Array.isArray(columns) ? columns : Object.keys(columns);
      return names.map((column) => ({ path: [...place, "columns", column], columns: [column] }));
    }
    return inValue(place, field, required.has(name));
  });
}

function inValue(path: CsvReference["path"], value: CsvValue, isRequired: boolean): CsvReference[] {
  const items = [value].flat();
  const columns = items.flatMap((item) => {
    if (typeof item === "string") return [item];
    return "column" in item ? [item.column] : [];
  });
  const mayBeAbsent = columns.length < items.length || (Array.isArray(value) && !isRequired);
  return columns.length === 0 ? [] : [{ path, columns, mayBeAbsent }];
}

function inCondition(path: CsvReference["path"], condition: CsvCondition | undefined): CsvReference[] {
  if (condition === undefined) return [];
  const tests: readonly CsvTest[] =
    typeof condition === "object" && "any" in condition ? condition.any : ([condition].flat() as CsvTest[]);
  return tests.flatMap((test) => {
    const column = columnOfTest(test);
    return column === undefined ? [] : [{ path, columns: [column] }];
  });
}

function columnOfTest(test: CsvTest): string | undefined {
  if (typeof test === "string") return test;
  if ("empty" in test) return test.empty;
  return "column" in test ? test.column : undefined;
}
