import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import { type core, ZodObject } from "zod";
import { type CsvMapping, type CsvMappingInput, csvMappingSchema } from "../../schemas/csv-mapping.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";

const readyFolder = new URL("../../schemas/csv/", import.meta.url);

/** The names of the ready-made mappings: one file of `schemas/csv` each. */
export const readyCsvMappings: readonly string[] = readdirSync(readyFolder)
  .map((file) => file.replace(/\.yaml$/, ""))
  .sort();

/**
 * A mapping written in TypeScript, with its types checked while it is written and the rest when it is made.
 * Throws CSV_MAPPING_INVALID, naming file and key of everything that is wrong.
 *
 * @example
 * const mapping = defineCsvMapping({
 *   name: "weights",
 *   files: {
 *     "weights.csv": {
 *       events: [
 *         {
 *           kind: "observation",
 *           person: "patient",
 *           code: { constant: "29463-7" },
 *           system: "http://loinc.org",
 *           start: "day",
 *           value: "kg",
 *           unit: { constant: "kg" },
 *         },
 *       ],
 *     },
 *   },
 * });
 */
export function defineCsvMapping(mapping: CsvMappingInput): CsvMapping {
  return validated(mapping, typeof mapping?.name === "string" ? mapping.name : "without a name");
}

/**
 * Reads a mapping: a ready-made one by its name ("synthea"), else a YAML or JSON file by its path. All scalars of the
 * file are text, so that codes keep their leading zeros. Throws CSV_MAPPING_INVALID when there is no such mapping or it
 * is not valid.
 *
 * @example
 * const mapping = await loadCsvMapping("hospital.yaml");
 */
export async function loadCsvMapping(nameOrPath: string): Promise<CsvMapping> {
  const ready = readyCsvMappings.includes(nameOrPath);
  const content = await readFile(ready ? new URL(`${nameOrPath}.yaml`, readyFolder) : nameOrPath, "utf8").catch(
    (error: unknown) => {
      throw new OmopipeError(
        "CSV_MAPPING_INVALID",
        `The CSV mapping ${nameOrPath} could not be read: ${messageOf(error)}. ` +
          `Name a YAML or JSON file, or a ready-made mapping: ${readyCsvMappings.join(", ")}.`,
        { cause: error },
      );
    },
  );
  const lines = new LineCounter();
  const document = parseDocument(content, { schema: "failsafe", lineCounter: lines });
  const file = ready ? nameOrPath : basename(nameOrPath);
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      ({ message, pos }) => `${file}:${lines.linePos(pos[0]).line}: ${firstLine(message)}`,
    );
    throw invalid(nameOrPath, problems);
  }
  const nothing = linesOfNull(document, lines).map(
    (line) =>
      `${file}:${line}: null is no text; write "" for what is empty, and "null" in quotes where the text is meant`,
  );
  if (nothing.length > 0) throw invalid(nameOrPath, nothing);
  const placeOf: PlaceOf = (path) => {
    const line = lineOf(document, path, lines);
    return line === undefined ? "" : `${file}:${line}: `;
  };
  const mapping = validated(document.toJS(), nameOrPath, placeOf);
  places.set(mapping, placeOf);
  return mapping;
}

type Path = readonly PropertyKey[];
/** Where in its file a mapping says something: "hospital.yaml:12: ". */
type PlaceOf = (path: Path) => string;

const places = new WeakMap<CsvMapping, PlaceOf>();
const firstLine = (message: string) => message.replace(/:?\n.*$/s, "");

/** All scalars are text, and so would be what YAML and JSON write for nothing. */
function linesOfNull(document: Document.Parsed, lines: LineCounter): number[] {
  const found: number[] = [];
  visit(document, {
    Scalar(key, { type, source, range }) {
      if (key !== "key" && type === "PLAIN" && /^(null|~)$/i.test(source ?? ""))
        found.push(lines.linePos(range![0]).line);
    },
  });
  return found;
}

/** The line of a key; where the file does not have it, that of the nearest above it that it has. */
function lineOf(document: Document.Parsed, path: Path, lines: LineCounter): number | undefined {
  let place: number | undefined;
  let node: unknown = document.contents;
  for (const key of path) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      : undefined;
    const item = isSeq(node) ? node.items[Number(key)] : undefined;
    const found = pair?.key ?? item;
    if (isNode(found) && found.range) place = found.range[0];
    node = pair?.value ?? item;
  }
  return place === undefined ? undefined : lines.linePos(place).line;
}

/** What is wrong in one place of a mapping. */
export interface MappingProblem {
  /** ["files", "conditions.csv", "events", 0, "start"]. */
  readonly path: Path;
  readonly message: string;
}

/** A CSV_MAPPING_INVALID error for a mapping that does not fit the files. */
export function doesNotFit(mapping: CsvMapping, problems: readonly MappingProblem[]): OmopipeError {
  return invalid(
    mapping.name,
    problems.map((problem) => describe(problem, places.get(mapping))),
  );
}

function invalid(name: string, problems: readonly string[]): OmopipeError {
  return new OmopipeError("CSV_MAPPING_INVALID", [`The CSV mapping ${name} does not fit.`, ...problems].join("\n  "));
}

function validated(mapping: unknown, name: string, placeOf?: PlaceOf): CsvMapping {
  const result = csvMappingSchema.safeParse(mapping, { error: knownKeys });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, mapping));
  throw invalid(
    name,
    problems.map((problem) => describe(problem, placeOf)),
  );
}

/** What there is instead of a key that nobody knows, or of something without keys. */
function knownKeys({ code, inst }: core.$ZodRawIssue): string | undefined {
  if (!(inst instanceof ZodObject)) return undefined;
  const keys = Object.keys(inst.shape).join(", ");
  if (code === "unrecognized_keys") return `there is no such key; there are ${keys}`;
  return code === "invalid_type" ? `must have keys of its own; there are ${keys}` : undefined;
}

/** Each key that is not known has a place of its own, and what is missing is called so. */
function problemsOf(issue: core.$ZodIssue, mapping: unknown): MappingProblem[] {
  const { code, path, message } = issue;
  if (code === "unrecognized_keys") return issue.keys.map((key) => ({ path: [...path, key], message }));
  const given = path.reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown> | undefined)?.[key], mapping);
  if (code === "custom" || given !== undefined) return [{ path, message }];
  return [{ path, message: code === "invalid_type" ? "is missing" : `is missing; ${message}` }];
}

/** ["files", "conditions.csv", "events", 0, "start"] → "hospital.yaml:12: conditions.csv, events[0].start: …" */
function describe({ path, message }: MappingProblem, placeOf: PlaceOf = () => ""): string {
  const [first, file, ...keys] = path;
  const inFile = first === "files" && file !== undefined;
  const key = (inFile ? keys : path).reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}${text === "" ? "" : "."}${String(part)}`),
    "",
  );
  const place = [inFile ? String(file) : "", key].filter((part) => part !== "").join(", ");
  return `${placeOf(path)}${place === "" ? "" : `${place}: `}${message}`;
}
