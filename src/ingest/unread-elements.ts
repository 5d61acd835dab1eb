import type { JsonStructure } from "../warehouse/json-structure.ts";
import { literalList } from "../warehouse/sql-text.ts";
import { type LandingContext, largeBytes } from "./landing-plan.ts";

/**
 * How deep nested JSON may be: `json_structure` calls itself for each level. A record with more brackets, or of
 * more than a megabyte, is not looked through.
 */
const levels = 5000;

/** An element that is of another type than its landing table takes. */
interface Unread {
  readonly element: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * Counts, in `meta.unread_element`, the elements of staged resources that are of another type than FHIR gives them: by file,
 * and by how many records have them. Such an element is NULL in its landing table, unless it is a text that can be read as
 * the number or boolean it should be.
 */
export async function countUnreadElements({ warehouse, tables, signal }: LandingContext): Promise<void> {
  const structures = new Map(tables.map(({ resourceType, structure }) => [resourceType, structure]));
  const shapes = await warehouse.rows<{ file_id: number; resource_type: string; shape: string; records: number }>(
    `select file_id, resource_type, json_structure(resource)::varchar as shape, count(*) as records
     from staged_resource
     where list_contains(${literalList([...structures.keys()])}, resource_type)
       and case
         when strlen(resource) <= ${2 * levels} then true
         when strlen(resource) <= ${largeBytes} then
           strlen(resource) - strlen(replace(replace(resource, '{', ''), '[', '')) <= ${levels}
       end
     group by all`,
    undefined,
    { signal },
  );
  const counts = new Map<string, Unread & { file_id: number; resource_type: string; records: number }>();
  for (const { file_id, resource_type, shape, records } of shapes) {
    for (const unread of unreadElements(structures.get(resource_type)!, JSON.parse(shape))) {
      const key = JSON.stringify([file_id, resource_type, unread]);
      const before = counts.get(key)?.records ?? 0;
      counts.set(key, { file_id, resource_type, ...unread, records: before + records });
    }
  }
  await warehouse.append("meta.unread_element", [...counts.values()]);
}

/** Where a structure, as `json_structure` tells it, is not what a landing table takes. A text takes anything. */
export function unreadElements(expected: JsonStructure, found: JsonStructure, path = ""): Unread[] {
  const [wanted, given] = [kindOf(expected), kindOf(found)];
  if (wanted === "text" || given === "null") return [];
  if (wanted !== given) return [{ element: path, expected: wanted, found: given }];
  if (Array.isArray(expected)) return unreadElements(expected[0]!, (found as JsonStructure[])[0]!, `${path}[]`);
  if (typeof expected !== "object") return [];
  const members = found as Record<string, JsonStructure>;
  return Object.entries(expected)
    .filter(([name]) => Object.hasOwn(members, name))
    .flatMap(([name, member]) => unreadElements(member, members[name]!, path === "" ? name : `${path}.${name}`));
}

const kinds: Readonly<Record<string, string>> = {
  VARCHAR: "text",
  BOOLEAN: "boolean",
  NULL: "null",
  DOUBLE: "number",
  BIGINT: "number",
  UBIGINT: "number",
  HUGEINT: "number",
  UHUGEINT: "number",
  INTEGER: "number",
};

/** "list", "object", "number", … ; what is one thing here and another there, within one record, is "several kinds". */
function kindOf(structure: JsonStructure): string {
  if (Array.isArray(structure)) return "list";
  if (typeof structure === "object") return "object";
  return kinds[structure] ?? "several kinds";
}
