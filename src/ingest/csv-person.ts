import { type CsvFileMapping, partsOf } from "../../schemas/csv-mapping.ts";
import { type ColumnLookup, valueSql } from "./csv-value.ts";

/**
 * Whose the rows of a file are. `person`: each is of the person whose id this SQL gives, or of nobody. `nobody`: all are of no
 * person, such as providers. `mixed`: it cannot be told by the row alone.
 */
export type OwnerOfRows =
  | { readonly kind: "person"; readonly person: string }
  | { readonly kind: "nobody" }
  | { readonly kind: "mixed" };

/** Whose rows are, by the mapping of their file. */
export function ownerOfRows(file: string, mapping: CsvFileMapping, columns: ColumnLookup): OwnerOfRows {
  const parts = partsOf(mapping);
  const joinsItself = Object.values(mapping.join ?? {}).some((joined) => joined.file === file);
  if (mapping.cdm !== undefined || joinsItself) return { kind: "mixed" };
  const { person, visit, payerPlan, events = [], notes = [], costs = [] } = mapping;
  const ids = [
    ...(person ? [person.id] : []),
    ...[visit, payerPlan].flatMap((part) => (part ? [part.person] : [])),
    ...[...events, ...notes, ...costs].map((part) => part.person),
  ];
  // Rows that are used only through those that join them.
  if (parts.length === 0) return { kind: "person", person: "null::varchar" };
  if (ids.length === 0) return { kind: "nobody" };
  const [sql, ...others] = new Set(ids.map((id) => valueSql(id, columns)));
  // A visit that several rows tell of may be told of by rows of several persons.
  const shared = parts.length > 1 && (visit?.id !== undefined || payerPlan?.id !== undefined);
  const ofOthers = mapping.provider !== undefined || mapping.careSite !== undefined;
  if (others.length > 0 || shared || ofOthers) return { kind: "mixed" };
  return { kind: "person", person: sql! };
}
