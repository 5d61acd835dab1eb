import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { cdmTables } from "../../schemas/cdm.ts";
import { type CsvMapping, type CsvMappingInput, csvNameFits } from "../../schemas/csv-mapping.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { openCsvChanges } from "./csv-changes.ts";
import { missingColumns } from "./csv-columns.ts";
import { landCorrections } from "./csv-corrections.ts";
import { type CsvFile, csvFileAt } from "./csv-file.ts";
import { landCsv } from "./csv-landing.ts";
import { defineCsvMapping, doesNotFit, loadCsvMapping } from "./csv-mapping.ts";
import { isFileOfRejects } from "./csv-rejects.ts";
import { type CsvStream, csvFileOf } from "./csv-stream.ts";
import type { CsvTransform } from "./csv-transform.ts";
import type { Landed } from "./fhir-files.ts";
import { findFiles } from "./find-files.ts";
import { hashFiles, type KnownBy, rememberFiles, unchangedFiles } from "./known-files.ts";
import { openLanding } from "./landing-tables.ts";

export interface CsvFilesOptions {
  /** How rows become records: a mapping, a YAML or JSON file, or a ready-made one ("synthea"). */
  readonly mapping: string | CsvMappingInput;
  /** The name of the system the files come from. Records of different sources never meet. Default "default". */
  readonly source?: string | undefined;
  /**
   * What is made of each row before it lands. Its columns are then those of the file and all that the mapping names; one that
   * it does not give is empty. Rows pass through JavaScript one by one, which takes about ten times as long.
   */
  readonly transform?: CsvTransform | undefined;
}

const endings = /\.(csv|tsv|txt)(\.gz)?$/i;

/**
 * Reads CSV (comma, tab, semicolon or bar; quoted as in RFC 4180; UTF-8, UTF-16 or as the mapping says; also gzipped) through
 * a mapping. Inputs are files, folders (all `.csv`, `.tsv`, `.txt` files below, and their `.gz`), globs, or streams such as an
 * HTTP response; a file is recognised by its name. Each mapped file lands as text in a table of its own,
 * `landing.csv_<file>`; the rows of other files are counted and ignored.
 *
 * Rows that cannot be read are put aside with file, line, column and reason (`meta.csv_reject`, which `runReport` writes to
 * `rejects.csv`), and the run goes on; a corrected `rejects.csv` is an input like any other. So is a whole file put aside that
 * cannot be read at all (a broken gzip, no header). All else is committed at once at the end. A file is read twice: once to
 * count its rows, about 300 MB a second, and once by DuckDB; where a row is bad, the encoding is another, or a function looks
 * at rows, record by record.
 *
 * Rejects with CSV_MAPPING_INVALID when the mapping is not valid or names a column that a file does not have, and with
 * INPUT_NOT_FOUND when the mapping knows none of the files.
 *
 * @example
 * await pipeline(csvFiles("synthea/csv/", { mapping: "synthea" }), mapToOmop()).run(warehouse);
 *
 * @example
 * const body = await fetch("https://hospital.example/weights.csv");
 * const transform = (row) => (row.status === "entered in error" ? undefined : { ...row, kg: row.lb && Number(row.lb) * 0.4536 });
 * const read = csvFiles({ name: "weights.csv", body }, { mapping: "hospital.yaml", transform });
 */
export function csvFiles(
  inputs: string | CsvStream | readonly (string | CsvStream)[],
  options: CsvFilesOptions,
): Stage<undefined | Landed, Landed, Warehouse> {
  const wanted = [inputs].flat() as (string | CsvStream)[];
  const paths = wanted.filter((input) => typeof input === "string");
  const streams = wanted.filter((input) => typeof input !== "string");
  return {
    name: "csvFiles",
    async execute(before, { target: warehouse, runId, signal, progress, warn }) {
      const { source = "default", transform } = options;
      const mapping = await mappingOf(options.mapping);
      await openLanding(warehouse);
      const layout = layoutOfMapping(mapping);
      const there = await Promise.all((await findFiles(paths, endings)).map((path) => fileToLand(source, path)));
      // What a function makes of rows may be another each time.
      const unchanged = transform ? [] : await unchangedFiles(there, { warehouse, signal, layout });
      const found: CsvFile[] = [];
      for (const file of there) if (!unchanged.includes(file)) found.push(await csvFileAt(file.path, mapping, signal));
      const corrections = found.filter(isFileOfRejects);
      const files = found.filter((file) => !isFileOfRejects(file));
      for (const stream of streams) files.push(await csvFileOf(stream, mapping));
      if (corrections.length === 0 && unchanged.length === 0 && !files.some((file) => file.mapping)) {
        throw noKnownFile(paths, mapping);
      }
      if (!transform) await checkColumns(files, mapping, warehouse);
      warnOfUnknown(files, mapping, warn);
      warnOfOtherColumns(files, warn);
      warnOfTwins(there, warn);
      let done = 0;
      const onFile = () => progress({ done: ++done, total: files.length, unit: "files" });
      const context = { warehouse, mapping, source, runId, signal, transform, onFile };
      const lands = (name: string) => corrections.length > 0 || files.some((file) => file.name === name);
      const landed = await warehouse.transaction(async () => {
        const changes = await openCsvChanges(lands, context);
        const landedFiles = await landCsv(files, context, unchanged.length);
        const read = there.filter(({ path }) => files.some((file) => file.path === path));
        await rememberFiles(warehouse, { landed: await hashFiles(read, signal), unchanged }, { runId, layout });
        const corrected = await landCorrections(corrections, mapping, context);
        if (corrected.left > 0) {
          warn(
            `${corrected.left} rows of rejects were left: they cannot be read as they are, or are no rejects any more.`,
          );
        }
        await changes.record();
        const known = await numbersOf(unchanged, warehouse, source);
        return [...new Set([...landedFiles, ...known, ...corrected.files])];
      });
      return { stage: "landed", runId, files: [...(before?.files ?? []), ...landed] };
    },
  };
}

async function fileToLand(source: string, path: string): Promise<KnownBy> {
  const { size, mtime } = await stat(path);
  return { source, path, bytes: size, modified: mtime.toISOString() };
}

/** Differs when the mapping does, so that files which landed by another are read again. */
const layoutOfMapping = (mapping: CsvMapping): string =>
  createHash("sha256").update(JSON.stringify(mapping)).digest("hex");

async function numbersOf(files: readonly KnownBy[], warehouse: Warehouse, source: string): Promise<number[]> {
  const rows = await warehouse.rows<{ file_id: number }>(
    `select file_id from meta.file where source = $1 and path in (select unnest(from_json($2, '["VARCHAR"]')))`,
    [source, JSON.stringify(files.map(({ path }) => path))],
  );
  return rows.map(({ file_id }) => file_id);
}

async function mappingOf(mapping: CsvFilesOptions["mapping"]): Promise<CsvMapping> {
  return typeof mapping === "string" ? await loadCsvMapping(mapping) : defineCsvMapping(mapping);
}

async function checkColumns(files: readonly CsvFile[], mapping: CsvMapping, warehouse: Warehouse): Promise<void> {
  const headers = new Map(files.filter(({ problem }) => !problem).map(({ name, header }) => [name, header]));
  const missing = await Promise.all(
    files.map((file) =>
      file.mapping && !file.problem
        ? missingColumns(warehouse, { ...file, mapping: file.mapping }, (other) => headers.get(other))
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

/** Most rows have no id by which they would be known to be there twice. */
function warnOfTwins(files: readonly KnownBy[], warn: (message: string) => void): void {
  const paths = new Set(files.map(({ path }) => path));
  for (const path of paths) {
    if (!paths.has(`${path}.gz`)) continue;
    warn(`${path} and ${path}.gz are both read. If one is the other, leave one out: their rows count twice.`);
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
