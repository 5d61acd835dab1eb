import { constants, existsSync } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunReport } from "../../schemas/report.ts";
import { parquet } from "../export/sql-formats.ts";
import { csvFiles } from "../ingest/csv-files.ts";
import { loadCsvMapping } from "../ingest/csv-mapping.ts";
import type { CsvStream } from "../ingest/csv-stream.ts";
import { fhirFiles, type Landed } from "../ingest/fhir-files.ts";
import { findFiles } from "../ingest/find-files.ts";
import { vocabularyMissing } from "../omop/attach-vocabulary.ts";
import { forgetLanding } from "../omop/forget-landing.ts";
import { type MapToOmopOptions, mapToOmop } from "../omop/map-to-omop.ts";
import { checkOptions } from "../omop/mapping-options.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import type { Stage } from "../pipeline/stage.ts";
import { createRunReport, runReport } from "../quality/run-report.ts";
import { unmappedCodes } from "../quality/unmapped-codes.ts";
import { findVocabulary } from "../vocabulary/vocabulary-files.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { readOverrides } from "./overrides.ts";
import { runPipeline } from "./run-pipeline.ts";
import { type ServerSourceOptions, serverSource } from "./server-source.ts";
import { textTable } from "./table.ts";

export interface EtlOptions extends ServerSourceOptions {
  readonly warehouse: string;
  readonly vocabulary?: readonly string[] | false;
  readonly vocabularyCache?: string;
  readonly csvMapping?: string;
  readonly csvName?: string;
  readonly source: string;
  readonly patientsByIdentifier?: boolean;
  readonly sourceValue: MapToOmopOptions["sourceValue"];
  readonly routing: MapToOmopOptions["routing"];
  readonly concepts: MapToOmopOptions["concepts"];
  readonly typeConcept: MapToOmopOptions["typeConcept"];
  readonly timeZone?: string;
  readonly observationPeriod: MapToOmopOptions["observationPeriod"];
  readonly ruleset: MapToOmopOptions["ruleset"];
  readonly notes: boolean;
  readonly overrides?: string;
  readonly out?: string;
  readonly memoryLimit: string;
  readonly keepLanding: "all" | "none";
  readonly strict: boolean;
}

/** `omopipe etl`: gives the exit code. */
export async function etl(inputs: readonly string[], options: EtlOptions): Promise<number> {
  const {
    vocabulary,
    vocabularyCache,
    source,
    out,
    sourceValue,
    routing,
    concepts,
    typeConcept,
    timeZone,
    observationPeriod,
    ruleset,
    notes,
    memoryLimit,
  } = options;
  if (out !== undefined) mustBeLocal("omopipe etl writes", out);
  const overrides = options.overrides === undefined ? {} : await readOverrides(options.overrides);
  const rules = {
    sourceValue,
    routing,
    concepts,
    typeConcept,
    timeZone,
    observationPeriod,
    ruleset,
    notes,
    ...overrides,
  };
  const load = pipeline(
    await sources(inputs, options),
    mapToOmop({ noVocabulary: vocabulary === false, sourceName: source, ...rules }),
  );
  const written = out === undefined ? load : pipeline(load, parquet(out), runReport(out), unmappedCodes(out));
  const whole = options.keepLanding === "none" ? pipeline(written, forgetLanding()) : written;
  // What is wrong with options and places is said before hours are spent on the input.
  checkOptions(rules);
  if (vocabulary) await findVocabulary(vocabulary);
  if (vocabulary === undefined && !existsSync(options.warehouse)) throw vocabularyMissing();
  if (out !== undefined) await makeFolder(out);
  await makeFolder(dirname(options.warehouse));
  return await runPipeline(
    options.warehouse,
    { vocabulary: vocabulary === false ? undefined : vocabulary, vocabularyCache, memoryLimit },
    whole,
    async (mapped, warehouse) => {
      const report = await createRunReport(warehouse, mapped);
      process.stdout.write(describe(report, out));
      const { quarantined, dropped } = report.resources;
      if (!options.strict || quarantined + dropped === 0) return 0;
      process.stderr.write(
        `Done, but ${quarantined} records were quarantined and ${dropped} dropped: --strict ends with 3. Which and why: ` +
          "meta.quarantine and mapping.dropped.\n",
      );
      return 3;
    },
  );
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new OmopipeError("EXPORT_FAILED", `The folder ${folder} cannot be written to: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

const howToMapCsv =
  "Say how CSV becomes OMOP with --csv-mapping FILE, or the name of a ready mapping (docs/csv.md); omopipe csv profile drafts one.";

/** A server, files, or one after the other. */
async function sources(inputs: readonly string[], options: EtlOptions): Promise<Stage<undefined, Landed, Warehouse>> {
  const server = await serverSource(options, options);
  if (server === undefined && inputs.length === 0) {
    throw new OmopipeError("USAGE", "Name what to read: files, or a server with --fhir-server or --bulk-export.");
  }
  if (server === undefined) return await fileSources(inputs, options);
  return inputs.length === 0 ? server : pipeline(server, await fileSources(inputs, options));
}

/** Which sources the inputs need: FHIR, CSV, or one after the other. */
async function fileSources(
  given: readonly string[],
  { csvMapping, csvName, source, patientsByIdentifier }: EtlOptions,
): Promise<Stage<undefined | Landed, Landed, Warehouse>> {
  const inputs = given.filter((input) => input !== "-");
  const streams = given.length > inputs.length ? [await standardInput(csvMapping, csvName)] : [];
  const files = await findFiles(inputs, /\.(json|ndjson|jsonl|csv|tsv|txt)(\.gz)?$/i);
  const isCsv = (path: string) => /\.(csv|tsv|txt)(\.gz)?$/i.test(path);
  const fhir = files.filter((path) => !isCsv(path));
  const csv = files.filter(isCsv);
  if (csvMapping === undefined) {
    const namedCsv = inputs.find((input) => isCsv(input));
    if (namedCsv === undefined) {
      if (csv.length > 0) {
        process.stderr.write(
          `CSV files (.csv, .tsv, .txt) left alone: ${csv.length}, such as ${csv[0]}. ${howToMapCsv}\n`,
        );
      }
      return fhirFiles(inputs, { source, patientsByIdentifier });
    }
    throw new OmopipeError("USAGE", `${namedCsv} is CSV. ${howToMapCsv}`);
  }
  const readCsv = csvFiles([...(csv.length > 0 ? csv : inputs), ...streams], { mapping: csvMapping, source });
  return fhir.length > 0 ? pipeline(fhirFiles(fhir, { source, patientsByIdentifier }), readCsv) : readCsv;
}

/** Standard input, as the file of the mapping that it is. */
async function standardInput(csvMapping: string | undefined, csvName: string | undefined): Promise<CsvStream> {
  if (csvMapping === undefined) throw new OmopipeError("USAGE", `- is CSV from standard input. ${howToMapCsv}`);
  const [only = "", ...others] = Object.keys((await loadCsvMapping(csvMapping)).files);
  if (csvName === undefined && (others.length > 0 || /[*?]/.test(only))) {
    const known = [only, ...others].join(", ");
    throw new OmopipeError("USAGE", `Say with --csv-name which file of the mapping standard input is: ${known}.`);
  }
  return { name: csvName ?? only, body: process.stdin };
}

function describe(report: RunReport, out: string | undefined): string {
  const { by_type, ...all } = report.resources;
  const fates = Object.entries({ ...by_type, all }).map(([type, fate]) => ({ records: type, ...fate }));
  const tables = Object.entries(report.tables).map(([table, rows]) => ({ table, rows }));
  const troubled = report.files
    .filter(({ quarantined }) => quarantined > 0)
    .map(({ path, quarantined, problems }) => ({ file: path, quarantined, first_problem: problems[0] ?? "" }));
  const rejectedCsv = out !== undefined && existsSync(join(out, "rejects.csv"));
  const { codes_already_standard, codes_normalized, codes_unmapped } = report.summary;
  const parts = [
    textTable(fates),
    report.dropped.length > 0 ? textTable(report.dropped) : "",
    report.dropped_parts.length > 0
      ? textTable(report.dropped_parts.map(({ reason, count, ...of }) => ({ ...of, part_left_out_for: reason, count })))
      : "",
    report.implausible.length > 0 ? textTable(report.implausible) : "",
    report.unread_elements.length > 0 ? textTable(report.unread_elements) : "",
    troubled.length > 0 ? textTable(troubled) : "",
    textTable(tables),
    `Events by their codes: ${codes_already_standard} standard as sent, ${codes_normalized} mapped to a standard concept, ` +
      `${codes_unmapped} without concept (see mapping.unmapped).\n`,
    out === undefined
      ? ""
      : `Parquet files, report.json and unmapped.csv are in ${out}${
          rejectedCsv ? ", with rejects.csv: rows of CSV files to be corrected and fed back" : ""
        }\n`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}
