import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { diagnose } from "./diagnose.ts";
import { findFiles } from "./find-files.ts";
import { hashFiles, rememberFiles, unchangedFiles } from "./known-files.ts";
import { landFiles } from "./land-fhir.ts";
import { countLanding } from "./landing-files.ts";
import type { LandingContext, LandingPlan } from "./landing-plan.ts";
import { layoutOf, openLanding } from "./landing-tables.ts";
import { sniffFile } from "./sniff-file.ts";

/** What a source gives to the next stage: data lies in the landing tables. */
export interface Landed {
  readonly stage: "landed";
  readonly runId: string;
  /** The files read in this run, as numbered in `meta.file`. */
  readonly files: readonly number[];
}

export interface FhirFilesOptions {
  /**
   * The name of the system the files come from, or how it is told from the path of each. Records of different sources never meet.
   * Default "default".
   */
  readonly source?: string | ((path: string) => string) | undefined;
  /**
   * Also find patients by an identifier: `Patient?identifier=system|value`, and references that have an identifier in place of a
   * reference. One that several patients have, or had, finds none. Default false: all files then land by way of staging, which takes
   * about three times as long. Of the identifiers only hashes are kept.
   */
  readonly patientsByIdentifier?: boolean | undefined;
}

const endings = /\.(json|ndjson|jsonl)(\.gz)?$/i;

/**
 * Reads FHIR from files: NDJSON (one type a file or mixed), Bundles and single resources, each also gzipped.
 * Inputs are files, folders (all `.json`, `.ndjson`, `.jsonl` files below, and their `.gz`) or globs.
 *
 * What cannot be read goes to `meta.quarantine` with file, place and reason, and the run goes on; all that could be read
 * is committed at once at the end. A file that has landed before and is as it was then is passed over. Rejects with INPUT_NOT_FOUND for an input that names nothing, and with INPUT_NOT_FHIR
 * when not a single FHIR resource was found. About 400 to 600 MB a second of NDJSON on two cores.
 *
 * @example
 * await pipeline(fhirFiles("export/**\/*.ndjson.gz"), mapToOmop()).run(warehouse);
 */
export function fhirFiles(
  inputs: string | readonly string[],
  options: FhirFilesOptions = {},
): Stage<undefined | Landed, Landed, Warehouse> {
  const wanted = typeof inputs === "string" ? [inputs] : inputs;
  return {
    name: "fhirFiles",
    async execute(before, { target: warehouse, runId, signal, progress }) {
      const paths = await findFiles(wanted, endings);
      if (paths.length === 0) throw noFhir(wanted);
      const { source = "default" } = options;
      const sourceOf = typeof source === "string" ? () => source : source;
      const found = await Promise.all(
        paths.map(async (path) => ({ ...(await sniffFile(path)), source: sourceOf(path) })),
      );
      const tables = await openLanding(warehouse);
      let done = 0;
      const context: LandingContext = {
        warehouse,
        tables,
        patientsByIdentifier: options.patientsByIdentifier ?? false,
        runId,
        signal,
        onFiles: (count) => {
          done += count;
          progress({ done, total: files.length, unit: "files" });
        },
      };
      const layout = layoutOf(tables, context);
      const unchanged = await unchangedFiles(found, { ...context, layout });
      const files = found.filter((file) => !unchanged.includes(file));
      const hashing = hashFiles(files, signal);
      hashing.catch(() => {});
      const plan: LandingPlan = {
        files,
        staged: new Set(context.patientsByIdentifier ? files.map(({ path }) => path) : []),
        byLine: new Set(files.filter((file) => file.damaged && file.format === "ndjson").map(({ path }) => path)),
        refused: files
          .filter((file) => file.format === "unreadable")
          .map(({ path }) => ({ path, code: "NOT_JSON", reason: "the file does not begin as JSON does" })),
      };
      const land = (current: LandingPlan) =>
        warehouse.transaction(async () => {
          if (files.length > 0) await landFiles(current, context);
          await rememberFiles(warehouse, { landed: await hashing, unchanged }, { runId, layout });
          await countLanding(context, "fhirFiles", { landed: files, unchanged: unchanged.length });
          return await landedFiles(warehouse, wanted, runId);
        });
      let landed: number[];
      try {
        landed = await land(plan);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof OmopipeError) || error.code !== "QUERY_FAILED") throw error;
        const careful = await diagnose(plan, context);
        done = 0;
        landed = await land(careful);
      }
      return { stage: "landed", runId, files: [...(before?.files ?? []), ...landed] };
    },
  };
}

async function landedFiles(warehouse: Warehouse, wanted: readonly string[], runId: string): Promise<number[]> {
  const files = await warehouse.rows<{ file_id: number }>(
    "select file_id from meta.file where run_id = $1 and format <> 'csv'",
    [runId],
  );
  const found = await warehouse.row(
    `select 1 from meta.file_records join meta.file using (file_id)
     where run_id = $1 and resource_type not in ('(unreadable)', '(entry without resource)') limit 1`,
    [runId],
  );
  if (!found) throw noFhir(wanted);
  return files.map(({ file_id }) => file_id);
}

function noFhir(wanted: readonly string[]): OmopipeError {
  return new OmopipeError(
    "INPUT_NOT_FHIR",
    `No FHIR resource was found in ${wanted.join(", ")}. ` +
      "FHIR comes as .ndjson or .json files (also .gz) whose objects have a resourceType.",
  );
}
