import { type CharlsonGroup, charlsonIcd10 } from "./groups.ts";
import { charlsonSnomed } from "./snomed.ts";

const groupByIcd10Prefix = new Map<string, CharlsonGroup>();
const groupBySnomed = new Map<string, CharlsonGroup>();

for (const [group, ranges] of entries(charlsonIcd10)) {
  for (const range of ranges.split(" ")) {
    for (const prefix of expanded(range)) groupByIcd10Prefix.set(prefix, group);
  }
}
for (const [group, codes] of entries(charlsonSnomed)) {
  for (const code of Object.keys(codes)) groupBySnomed.set(code, group);
}

/**
 * The Charlson group of a diagnosis code, or undefined when it belongs to none. ICD-10 codes (also of national
 * modifications) may be dotted or not, in any case; the code system may be written "ICD10", "ICD-10-CM" or the like.
 * Other code systems than ICD-10 and SNOMED CT belong to none.
 *
 * @example
 * charlsonGroupOf("i50.9", "ICD10"); // "congestive heart failure"
 * charlsonGroupOf("44054006", "SNOMED"); // "diabetes without chronic complication"
 */
export function charlsonGroupOf(code: string, codeSystem: string): CharlsonGroup | undefined {
  const system = bare(codeSystem);
  if (system.startsWith("SNOMED")) return groupBySnomed.get(code.trim());
  if (!/^ICD10(?!PCS)/.test(system)) return undefined;
  const bareCode = bare(code);
  return groupByIcd10Prefix.get(bareCode.slice(0, 3)) ?? groupByIcd10Prefix.get(bareCode.slice(0, 4));
}

/** "K70.0-K70.3" as K700, K701, K702, K703; a single code as itself. */
function expanded(range: string): string[] {
  const [first = "", last = first] = range.split("-").map(bare);
  const letter = first.slice(0, 1);
  const [from, to] = [first.slice(1), last.slice(1)];
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, step) => {
    return letter + String(Number(from) + step).padStart(from.length, "0");
  });
}

function bare(code: string): string {
  return code.replace(/[^A-Za-z0-9]/g, "").toUpperCase();
}

function entries<Value>(record: Readonly<Record<CharlsonGroup, Value>>): [CharlsonGroup, Value][] {
  return Object.entries(record) as [CharlsonGroup, Value][];
}
