import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import type { z } from "zod";
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
  const file = ready ? new URL(`${nameOrPath}.yaml`, readyFolder) : nameOrPath;
  const content = await readFile(file, "utf8").catch((error: unknown) => {
    throw new OmopipeError(
      "CSV_MAPPING_INVALID",
      `The CSV mapping ${nameOrPath} could not be read: ${messageOf(error)}. ` +
        `Name a YAML or JSON file, or a ready-made mapping: ${readyCsvMappings.join(", ")}.`,
      { cause: error },
    );
  });
  const document = parseDocument(content, { schema: "failsafe" });
  if (document.errors.length > 0) {
    throw invalid(
      nameOrPath,
      document.errors.map(({ message }) => message.replace(/:?\n.*$/s, "")),
    );
  }
  return validated(document.toJS(), nameOrPath);
}

/** A CSV_MAPPING_INVALID error that lists what is wrong. */
export function invalid(name: string, problems: readonly string[]): OmopipeError {
  return new OmopipeError("CSV_MAPPING_INVALID", [`The CSV mapping ${name} does not fit.`, ...problems].join("\n  "));
}

function validated(mapping: unknown, name: string): CsvMapping {
  const result = csvMappingSchema.safeParse(mapping);
  if (result.success) return result.data;
  throw invalid(name, result.error.issues.map(describe));
}

/** ["files", "conditions.csv", "events", 0, "start"] → "conditions.csv, events[0].start: …" */
function describe({ path, message }: z.core.$ZodIssue): string {
  const [first, file, ...keys] = path;
  const inFile = first === "files" && file !== undefined;
  const key = (inFile ? keys : path).reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}${text === "" ? "" : "."}${String(part)}`),
    "",
  );
  const place = [inFile ? String(file) : "", key].filter((part) => part !== "").join(", ");
  return place === "" ? message : `${place}: ${message}`;
}
