import type { JsonStructure } from "../warehouse/json-structure.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { LandingContext } from "./landing-plan.ts";
import type { LandingTable } from "./landing-tables.ts";

/** How deep nested JSON may be: `json_structure` calls itself for each level. A record with more brackets is not looked through. */
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
export async function countUnreadElements(
  { resourceType, structure }: LandingTable,
  { warehouse, signal }: LandingContext,
): Promise<void> {
  const shapes = await warehouse.rows<{ file_id: number; shape: string; records: number }>(
    `select file_id, json_structure(resource)::varchar as shape, count(*) as records
     from staged_resource
     where resource_type = ${literal(resourceType)}
       and (strlen(resource::varchar) <= ${levels} or length(regexp_replace(resource::varchar, '[^{[]', '', 'g')) <= ${levels})
     group by all`,
    undefined,
    { signal },
  );
  const counts = new Map<string, Unread & { file_id: number; resource_type: string; records: number }>();
  for (const { file_id, shape, records } of shapes) {
    for (const unread of unreadElements(structure, JSON.parse(shape))) {
      const key = JSON.stringify([file_id, unread]);
      const before = counts.get(key)?.records ?? 0;
      counts.set(key, { file_id, resource_type: resourceType, ...unread, records: before + records });
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
