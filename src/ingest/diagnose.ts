import { messageOf } from "../pipeline/errors.ts";
import { columnTypes } from "../warehouse/json-structure.ts";
import { directBytes, type FhirFile, groups, type LandingContext, type LandingPlan } from "./landing-plan.ts";
import { damaged, problemOfDocument, type Refused } from "./quarantine.ts";
import { readBytes } from "./read-lines.ts";

/** Reads each file alone, outside any transaction, and finds the ones that DuckDB's reader cannot take. */
export async function diagnose(plan: LandingPlan, context: LandingContext): Promise<LandingPlan> {
  const files: FhirFile[] = [];
  const staged = new Set(plan.staged);
  const byLine = new Set(plan.byLine);
  const refused = [...plan.refused];
  const known = new Set([...byLine, ...refused.map(({ path }) => path)]);
  for (const file of plan.files) {
    if (!known.has(file.path) && !(await landsDirectly(file, context))) staged.add(file.path);
    const failure = known.has(file.path) ? undefined : await failureOfReading(file, context);
    if (failure !== undefined && file.format === "ndjson") byLine.add(file.path);
    if (failure === undefined || file.format === "ndjson") {
      files.push(file);
      continue;
    }
    const { file: whole, problem } = await examineDocument(file, failure, context);
    files.push(whole);
    if (problem) refused.push(problem);
  }
  return { ...plan, files, staged, byLine, refused };
}

/** A document that could not be read: either it is broken, or it is gzip that told too small a size and can be read now. */
async function examineDocument(
  file: FhirFile,
  failure: string,
  context: LandingContext,
): Promise<{ file: FhirFile; problem?: Refused }> {
  if (!file.gzip) return { file, problem: problemOfDocument(file.path, failure) };
  try {
    let documentBytes = 0;
    for await (const chunk of readBytes(file.path, true, context.signal)) documentBytes += chunk.length;
    const whole = { ...file, documentBytes };
    const remaining = await failureOfReading(whole, context);
    return { file: whole, ...(remaining && { problem: problemOfDocument(file.path, remaining) }) };
  } catch (error) {
    context.signal.throwIfAborted();
    return { file, problem: damaged(file.path, messageOf(error)) };
  }
}

/** Whether all of an NDJSON file is what the landing table of its type takes. */
async function landsDirectly(file: FhirFile, context: LandingContext): Promise<boolean> {
  const table = context.tables.find(({ resourceType }) => resourceType === file.firstType);
  if (file.format !== "ndjson" || table === undefined) return true;
  const { files, compression } = groups([file])[0]!.parts;
  const read = `read_ndjson(${files}, columns => ${columnTypes(table.structure)}, compression => ${compression},
    maximum_object_size => ${directBytes})`;
  return (await failureOf(`select count(columns(*)) from ${read}`, context)) === undefined;
}

/** What DuckDB's reader says against a file; undefined when it takes it. */
function failureOfReading(file: FhirFile, context: LandingContext): Promise<string | undefined> {
  const { parts } = groups([file])[0]!;
  const read =
    file.format === "ndjson"
      ? `read_ndjson_objects(${parts.files}, ignore_errors => true, compression => ${parts.compression})`
      : `read_json_objects(${parts.files}, format => 'unstructured', compression => ${parts.compression},
           maximum_object_size => ${parts.maximum_object_size})`;
  return failureOf(`select count(json) from ${read}`, context);
}

async function failureOf(query: string, { warehouse, signal }: LandingContext): Promise<string | undefined> {
  try {
    await warehouse.run(query, undefined, { signal });
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
