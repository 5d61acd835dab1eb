import { quarantine } from "./landing-files.ts";
import type { LandingContext } from "./landing-plan.ts";
import { problemOfLine, type Refused } from "./quarantine.ts";
import { readBytes, readLines } from "./read-lines.ts";
import type { SniffedFile } from "./sniff-file.ts";

/** A resource on its way into `staged_resource`, with the columns of that table. */
interface Staged {
  readonly bundle?: number | undefined;
  readonly fullUrl?: unknown;
  readonly type: string | undefined;
  readonly text?: string | undefined;
}

const batchLength = 8_000_000;

/** Every line of a file is looked at alone, so that a bad one is named by its number and costs no other. */
export async function stageLines(file: SniffedFile, context: LandingContext): Promise<void> {
  const kept = keptTypes(context);
  for await (const lines of readLines(file.path, file.gzip, context.signal)) {
    const refused: Refused[] = [];
    const accepted: { line: number; text: string; type: string }[] = [];
    for (const line of lines) {
      const type = "text" in line ? typeOf(parsed(line.text)) : "";
      if (!("text" in line)) refused.push({ path: file.path, ...line });
      else if (type === "") refused.push({ path: file.path, line: line.line, ...problemOfLine(line.text) });
      else accepted.push({ ...line, type });
    }
    const broken = await brokenOf(accepted, context);
    for (const { line } of accepted.filter((each) => broken.has(each.text))) {
      refused.push({
        path: file.path,
        line,
        code: "NOT_JSON",
        reason: "the line holds a character that is only half there",
      });
    }
    const whole = accepted.filter(({ text }) => !broken.has(text));
    await stage(
      file.path,
      whole.map(({ type, text }) => ({ type, ...(kept.has(type) && { text }) })),
      context,
    );
    await quarantine(context.warehouse, refused, context.runId);
  }
}

/**
 * A document too big for DuckDB, which would hold it several times over: its Bundles are opened here, and only what has a
 * landing table goes on. False, and nothing done, when it is no single JSON value or longer than a string can be.
 */
export async function stageDocument(file: SniffedFile, context: LandingContext): Promise<boolean> {
  const document = await parseDocument(file, context.signal);
  if (document === undefined) return false;
  await stageValue(file.path, document.value, context);
  return true;
}

/** The resources of a document that was parsed, without those that have no landing table. */
export async function stageValue(path: string, value: unknown, context: LandingContext): Promise<void> {
  let batch: Staged[] = [];
  let length = 0;
  const stageBatch = async () => {
    const broken = await brokenOf(batch, context);
    await stage(
      path,
      batch.map((each) => (broken.has(each.text) ? { ...each, type: "", text: undefined } : each)),
      context,
    );
    batch = [];
    length = 0;
  };
  const kept = keptTypes(context);
  for (const { value: resource, ...place } of resourcesIn(value)) {
    const text = kept.has(place.type ?? "") ? JSON.stringify(resource) : undefined;
    batch.push({ ...place, text });
    length += text?.length ?? 0;
    if (length >= batchLength) await stageBatch();
  }
  await stageBatch();
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

/** What stands in a document in the place of a resource; `type` is '' where it is none, undefined where nothing is there. */
export interface ResourceInPlace {
  readonly bundle?: number | undefined;
  readonly fullUrl?: unknown;
  readonly type: string | undefined;
  readonly value?: unknown;
}

/**
 * The resources of a document: in place of a Bundle those in it, however deep. Bundles count down from -1, for DuckDB counts
 * its own up from 0.
 */
export function* resourcesIn(value: unknown, place: Partial<ResourceInPlace> = {}): Generator<ResourceInPlace> {
  const type = typeOf(value);
  if (type !== "Bundle") {
    yield { ...place, type, value };
    return;
  }
  const bundle = --bundles;
  const { entry, timestamp } = value as { entry?: unknown; timestamp?: unknown };
  for (const each of Array.isArray(entry) ? entry : []) {
    const { fullUrl, resource, request } = (each ?? {}) as {
      fullUrl?: unknown;
      resource?: unknown;
      request?: { method?: unknown } | null;
    };
    if (resource === undefined && request?.method === "DELETE") {
      yield { bundle, type: "(deletion)", value: { ...each, timestamp } };
    } else if (resource === undefined) yield { bundle, fullUrl, type: undefined };
    else yield* resourcesIn(resource, { bundle, fullUrl });
  }
}

const keptTypes = ({ tables }: LandingContext): ReadonlySet<string> =>
  new Set(["Bundle", "(deletion)", ...tables.map(({ resourceType }) => resourceType)]);

/** The type of a FHIR resource; '' of anything else. */
function typeOf(value: unknown): string {
  const { resourceType } = (value ?? {}) as { resourceType?: unknown };
  return typeof resourceType === "string" && !Array.isArray(value) ? resourceType : "";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Half a surrogate pair in a type or URL is replaced: DuckDB would take none of the rows. A text of JSON has it as an escape. */
function asParameter(staged: readonly Partial<Staged>[]): string {
  return JSON.stringify(staged, (_, value: unknown) => (typeof value === "string" ? value.toWellFormed() : value));
}

const rowsOfParameter = `(select unnest(
  json_transform($1::json, '[{"bundle":"BIGINT","fullUrl":"VARCHAR","type":"VARCHAR","text":"VARCHAR"}]'), recursive := true
))`;

/** Those of some JSON texts that DuckDB does not take. It is stricter than JavaScript: half a surrogate pair is no text. */
async function brokenOf(
  staged: readonly { readonly text?: string | undefined }[],
  { warehouse }: LandingContext,
): Promise<Set<string | undefined>> {
  const rows = await warehouse.rows<{ text: string }>(
    `select text from ${rowsOfParameter} where not json_valid(text)`,
    [asParameter(staged)],
  );
  return new Set(rows.map(({ text }) => text));
}

async function stage(path: string, staged: readonly Staged[], { warehouse }: LandingContext): Promise<void> {
  await warehouse.run(
    `insert into staged_resource
     select source, file_id, bundle, "fullUrl", type, text
     from ${rowsOfParameter}, (select source, file_id from landing_file where path = $2)`,
    [asParameter(staged), path],
  );
}
