import { cdmTables } from "../../schemas/cdm.ts";
import { type CsvMapping, type CsvMappingInput, csvNameFits } from "../../schemas/csv-mapping.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { missingColumns } from "./csv-columns.ts";
import { type CsvFile, type CsvLandingContext, landCsv, placeInMapping } from "./csv-landing.ts";
import { defineCsvMapping, doesNotFit, loadCsvMapping } from "./csv-mapping.ts";
import { scanCsv } from "./csv-scan.ts";
import type { Landed } from "./fhir-files.ts";
import { findFiles } from "./find-files.ts";
import { openLanding } from "./landing-tables.ts";

export interface CsvFilesOptions {
  /** How rows become persons, visits and events: a mapping, a YAML or JSON file, or a ready-made one ("synthea"). */
  readonly mapping: string | CsvMappingInput;
  /** The name of the system the files come from. Records of different sources never meet. Default "default". */
  readonly source?: string | undefined;
}

const endings = /\.(csv|tsv|txt)(\.gz)?$/i;

/**
 * Reads CSV files (comma, tab, semicolon or bar; quoted as in RFC 4180; UTF-8; also gzipped) through a mapping. Inputs are
 * files, folders (all `.csv`, `.tsv`, `.txt` files below, and their `.gz`) or globs; a file is recognised by its name. Each
 * mapped file lands as text in a table of its own, `landing.csv_<file>`; the rows of other files are counted and ignored.
 *
 * Rows that cannot be read go to `meta.quarantine` with file, line and reason, and the run goes on; so does a whole file
 * that cannot be read without guessing (a broken gzip, a quote that never closes, lines that end in different ways). All
 * else is committed at once at the end. A file is read twice: once to count its rows, about 300 MB a second, and once by
 * DuckDB.
 *
 * Rejects with CSV_MAPPING_INVALID when the mapping is not valid or names a column that a file does not have, and with
 * INPUT_NOT_FOUND when the mapping knows none of the files.
 *
 * @example
 * await pipeline(csvFiles("synthea/csv/", { mapping: "synthea" }), mapToOmop()).run(warehouse);
 */
export function csvFiles(
  inputs: string | readonly string[],
  options: CsvFilesOptions,
): Stage<undefined | Landed, Landed, Warehouse> {
  const wanted = typeof inputs === "string" ? [inputs] : inputs;
  return {
    name: "csvFiles",
    async execute(before, { target: warehouse, runId, signal, progress, warn }) {
      const mapping = await mappingOf(options.mapping);
      const files = await scanAll(await findFiles(wanted, endings), mapping, signal);
      if (!files.some((file) => file.mapping)) throw noKnownFile(wanted, mapping);
      await checkColumns(files, mapping, warehouse);
      warnOfUnknown(files, mapping, warn);
      warnOfOtherColumns(files, warn);
      await openLanding(warehouse);
      let done = 0;
      const context: CsvLandingContext = {
        warehouse,
        mapping,
        source: options.source ?? "default",
        runId,
        signal,
        onFile: () => progress({ done: ++done, total: files.length, unit: "files" }),
      };
      const landed = await warehouse.transaction(() => landCsv(files, context));
      return { stage: "landed", runId, files: [...(before?.files ?? []), ...landed] };
    },
  };
}

async function mappingOf(mapping: CsvFilesOptions["mapping"]): Promise<CsvMapping> {
  return typeof mapping === "string" ? await loadCsvMapping(mapping) : defineCsvMapping(mapping);
}

async function scanAll(paths: readonly string[], mapping: CsvMapping, signal: AbortSignal): Promise<CsvFile[]> {
  const files: CsvFile[] = [];
  for (const path of paths) files.push(placeInMapping(await scanCsv(path, signal), mapping));
  return files;
}

async function checkColumns(files: readonly CsvFile[], mapping: CsvMapping, warehouse: Warehouse): Promise<void> {
  const headers = new Map(files.filter(({ problem }) => !problem).map(({ name, header }) => [name, header]));
  const missing = await Promise.all(
    files.map(({ name, mapping: ofFile, header, problem }) =>
      ofFile && !problem
        ? missingColumns(warehouse, { name, mapping: ofFile, header }, (other) => headers.get(other))
        : [],
    ),
  );
  if (missing.flat().length === 0) return;
  throw doesNotFit(
    mapping,
    missing.flat().map(({ file, path, message }) => ({ path: ["files", file, ...path], message })),
  );
}

function warnOfUnknown(
  files: readonly CsvFile[],
  { name, ignored }: CsvMapping,
  warn: (message: string) => void,
): void {
  for (const file of files) {
    if (file.mapping || ignored.some((known) => csvNameFits(file.name, known))) continue;
    warn(`${file.path} is not in the mapping ${name}; its ${file.records} rows are ignored.`);
  }
}

/** The columns of a CDM table are known: others are those of another version, or an error. */
function warnOfOtherColumns(files: readonly CsvFile[], warn: (message: string) => void): void {
  for (const { path, mapping, header } of files) {
    const definition = cdmTables.find(({ table }) => table === mapping?.cdm);
    const known = new Set(definition?.columns.map(({ name }) => name));
    const others = definition ? header.filter((name) => !known.has(name.toLowerCase())) : [];
    if (others.length > 0) warn(`${path}: ${definition!.table} has no ${others.join(", ")} in CDM 5.4; left out.`);
  }
}

function noKnownFile(wanted: readonly string[], { name, files }: CsvMapping): OmopipeError {
  return new OmopipeError(
    "INPUT_NOT_FOUND",
    `The mapping ${name} knows no file in ${wanted.join(", ")}. It knows ${Object.keys(files).join(", ")}.`,
  );
}
