import { literalList } from "../warehouse/sql-text.ts";
import { quarantine } from "./landing-files.ts";
import type { LandingContext } from "./landing-plan.ts";
import { problemOfLine, type Refused } from "./quarantine.ts";
import { readBytes, readLines } from "./read-lines.ts";
import type { SniffedFile } from "./sniff-file.ts";

/** A resource on its way into `staged_resource`. */
interface Staged {
  /** Which Bundle it came in: below 0, for DuckDB numbers its own from 0. */
  readonly bundle?: number | undefined;
  readonly fullUrl?: string | undefined;
  /** Its JSON; undefined for an entry without resource. */
  readonly text?: string | undefined;
}

const batchLength = 8_000_000;

/** Every line of a file is looked at alone, so that a bad one is named by its number and costs no other. */
export async function stageLines(file: SniffedFile, context: LandingContext): Promise<void> {
  const { warehouse } = context;
  for await (const lines of readLines(file.path, file.gzip, context.signal)) {
    const refused: Refused[] = [];
    const accepted: { line: number; text: string }[] = [];
    for (const line of lines) {
      if (!("text" in line)) refused.push({ path: file.path, ...line });
      else if (isResource(line.text)) accepted.push(line);
      else refused.push({ path: file.path, line: line.line, ...problemOfLine(line.text) });
    }
    // DuckDB is stricter than JavaScript: it refuses, for instance, half a surrogate pair.
    const invalid = await warehouse.rows<{ line: number }>(
      `select line from (
         select unnest(json_transform($1::json, '[{"line":"BIGINT","text":"VARCHAR"}]'), recursive := true)
       ) where not json_valid(text)`,
      [JSON.stringify(accepted)],
    );
    const bad = new Set(invalid.map(({ line }) => line));
    for (const line of bad) {
      refused.push({
        path: file.path,
        line,
        code: "NOT_JSON",
        reason: "the line is no valid JSON: its text is broken",
      });
    }
    await stage(
      file.path,
      accepted.filter(({ line }) => !bad.has(line)),
      context,
    );
    await quarantine(warehouse, refused, context.runId);
  }
}

/**
 * A document too big for DuckDB, which would hold it several times over: its Bundles are opened here, and only what has a
 * landing table goes on. False, and nothing done, when it is no single JSON value or longer than a string can be.
 */
export async function stageDocument(file: SniffedFile, context: LandingContext): Promise<boolean> {
  const document = await parseDocument(file, context.signal);
  if (document === undefined) return false;
  const kept = new Set(context.tables.map(({ resourceType }) => resourceType));
  let batch: Staged[] = [];
  let length = 0;
  for (const resource of resourcesIn(document.value, kept)) {
    batch.push(resource);
    length += resource.text?.length ?? 0;
    if (length < batchLength) continue;
    await stage(file.path, batch, context);
    batch = [];
    length = 0;
  }
  await stage(file.path, batch, context);
  return true;
}

async function parseDocument(file: SniffedFile, signal: AbortSignal): Promise<{ value: unknown } | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of readBytes(file.path, file.gzip, signal)) chunks.push(chunk);
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks))) };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

let bundles = 0;

/** The resources of a document: in place of a Bundle those in it, however deep. Of types that are only counted, the type. */
function* resourcesIn(value: unknown, kept: ReadonlySet<string>, place: Staged = {}): Generator<Staged> {
  const { resourceType, entry } = (value ?? {}) as { resourceType?: unknown; entry?: unknown };
  if (resourceType !== "Bundle") {
    const counted = typeof resourceType === "string" && resourceType !== "" && !kept.has(resourceType);
    yield { ...place, text: JSON.stringify(counted ? { resourceType } : value) };
    return;
  }
  const bundle = --bundles;
  for (const each of Array.isArray(entry) ? entry : []) {
    const { fullUrl, resource } = (each ?? {}) as { fullUrl?: string; resource?: unknown };
    if (resource === undefined) yield { bundle, fullUrl };
    else yield* resourcesIn(resource, kept, { bundle, fullUrl });
  }
}

async function stage(path: string, resources: readonly Staged[], { warehouse, tables }: LandingContext): Promise<void> {
  if (resources.length === 0) return;
  const kept = literalList(["Bundle", ...tables.map(({ resourceType }) => resourceType)]);
  await warehouse.run(
    `insert into staged_resource
     select
       (select file_id from landing_file where path = $2), bundle, "fullUrl", resource_type,
       case when list_contains(${kept}, resource_type) then text end
     from (
       select
         *,
         case when json_valid(text) then resource_type_of(text::json) when text is not null then '' end as resource_type
       from (
         select unnest(
           json_transform($1::json, '[{"bundle":"BIGINT","fullUrl":"VARCHAR","text":"VARCHAR"}]'), recursive := true
         )
       )
     )`,
    [JSON.stringify(resources), path],
  );
}

function isResource(text: string): boolean {
  try {
    const value = JSON.parse(text) as { resourceType?: unknown } | null;
    return typeof value?.resourceType === "string" && value.resourceType !== "" && !Array.isArray(value);
  } catch {
    return false;
  }
}
