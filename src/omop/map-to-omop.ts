import { fileURLToPath } from "node:url";
import type { Landed } from "../ingest/fhir-files.ts";
import { openLanding } from "../ingest/landing-tables.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { softwareVersion } from "../version.ts";
import { cdmTableNames } from "../warehouse/cdm-tables.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { attachVocabulary } from "./attach-vocabulary.ts";
import { conceptsInUse } from "./concepts-in-use.ts";
import { csvExtracts } from "./csv/csv-extracts.ts";
import { cutWarning } from "./cut-texts.ts";
import { fhirExtracts, withoutText } from "./extracts.ts";
import { mappingSteps } from "./mapping-steps.ts";
import { conceptWarnings } from "./resolve/concept-warnings.ts";
import { makeIdsUnique } from "./unique-ids.ts";

/** What every stage from mapping on gives: the CDM tables are filled. */
export interface Filled {
  readonly runId: string;
  /** The files of this run, as numbered in `meta.file`; empty when the run started from a mapped warehouse. */
  readonly files: readonly number[];
  /** Rows by CDM table, of tables that have any. */
  readonly tables: Readonly<Record<string, number>>;
}

/** What mapping gives to the next stage. */
export interface Mapped extends Filled {
  readonly stage: "mapped";
}

export interface MapToOmopOptions {
  /**
   * Map without a vocabulary: every code keeps its source value and gets concept 0.
   * Default false: no vocabulary is an error, because a CDM without concepts is rarely meant.
   */
  readonly noVocabulary?: boolean | undefined;
  /**
   * The vocabularies of further code systems, or of known ones in place of the built-in `schemas/code-systems.csv`:
   * `{ "http://hospital.example/codes": "Hospital" }`, the name being a `vocabulary_id` of the vocabulary.
   */
  readonly codeSystems?: Readonly<Record<string, string>> | undefined;
  /** The name of the data for `cdm_source`. Default "default". */
  readonly sourceName?: string | undefined;
  /** false: no text of a report or document reaches the CDM; they are counted as NOTES_OFF. Default true. */
  readonly notes?: boolean | undefined;
}

/**
 * Maps everything that has landed to OMOP CDM 5.4: extract → resolve → route, all in SQL and in one transaction.
 * The CDM tables are made anew from the landing tables, so a second run over the same data gives the same rows under the
 * same ids. Loads the warehouse's vocabulary folder first when it is not loaded yet.
 *
 * Throws VOCABULARY_MISSING when there is no vocabulary (see `noVocabulary`). The CDM then stays as it was.
 *
 * @example
 * const { tables } = await pipeline(fhirFiles("bundles/"), mapToOmop()).run(warehouse);
 * console.table(tables);
 */
export function mapToOmop(options: MapToOmopOptions = {}): Stage<Landed, Mapped, Warehouse> {
  return {
    name: "mapToOmop",
    async execute(landed, context) {
      const { target: warehouse, runId } = context;
      const version = await attachVocabulary(context, options);
      await openLanding(warehouse);
      const tables = await warehouse.transaction(async () => {
        await mapAll(context, options, version);
        return await countTables(warehouse);
      });
      await warnOfLoss(context);
      const cut = await cutWarning(warehouse);
      if (cut) context.warn(cut);
      if (!options.noVocabulary) for (const warning of await conceptWarnings(warehouse)) context.warn(warning);
      return { stage: "mapped", runId, files: landed.files, tables };
    },
  };
}

/**
 * Starts a pipeline from a warehouse that was mapped before. Throws WAREHOUSE_INVALID when it was not.
 *
 * @example
 * await pipeline(mappedWarehouse(), parquet("out/")).run(warehouse);
 */
export function mappedWarehouse(): Stage<undefined, Mapped, Warehouse> {
  return {
    name: "mappedWarehouse",
    async execute(_input, { target: warehouse, runId }) {
      const tables = await countTables(warehouse);
      if (Object.keys(tables).length === 0) {
        throw new OmopipeError(
          "WAREHOUSE_INVALID",
          `The CDM of ${warehouse.path} is empty. Fill it first: omopipe etl INPUT --warehouse ${warehouse.path}`,
        );
      }
      return { stage: "mapped", runId, files: [], tables };
    },
  };
}

/** Says how much left no row, and loudly when it is nearly all: most often the patients are missing from the input. */
async function warnOfLoss({ target: warehouse, warn }: StageContext<Warehouse>): Promise<void> {
  const lost = await warehouse.row<{ dropped: number; records: number; reason: string | null }>(
    `select
       coalesce(sum(dropped), 0)::bigint as dropped,
       coalesce(sum(mapped + dropped), 0)::bigint as records,
       (select mode(reason) from mapping.dropped where whole_record) as reason
     from mapping.file_fate`,
  );
  if (!lost || lost.dropped === 0) return;
  const persons = await warehouse.row("select 1 from cdm.person limit 1");
  const hint = persons ? "" : " No person was mapped at all: are the Patient records among the input?";
  warn(
    `${lost.dropped} of ${lost.records} records left no row, most often for ${lost.reason} (see mapping.dropped).${hint}`,
  );
}

async function mapAll(
  context: StageContext<Warehouse>,
  { sourceName = "default", notes = true, codeSystems = {} }: MapToOmopOptions,
  version: string,
): Promise<void> {
  const { target: warehouse, signal, progress } = context;
  const schemaFile = (name: string) => literal(fileURLToPath(new URL(`../../schemas/${name}`, import.meta.url)));
  const parts = {
    concept_map: schemaFile("concept-map.csv"),
    code_systems: schemaFile("code-systems.csv"),
    own_code_systems: listOf(codeSystems),
    concepts: conceptsInUse(),
    code_roles: schemaFile("code-roles.csv"),
    vocabulary_priority: schemaFile("vocabulary-priority.csv"),
    states: schemaFile("us-states.csv"),
    cost_amounts: schemaFile("cost-amounts.csv"),
    named_characters: schemaFile("named-characters.csv"),
    source_name: literal(sourceName),
    software_version: literal(softwareVersion),
    vocabulary_version: literal(version || "none"),
  };
  const extracts = [...fhirExtracts, ...(await csvExtracts(warehouse))];
  const steps = mappingSteps(notes ? extracts : extracts.map(withoutText));
  for (const [done, step] of steps.entries()) {
    progress({ done, total: steps.length, unit: "steps" });
    if (typeof step === "string") await warehouse.run(sqlText(import.meta.url, step, parts), undefined, { signal });
    else if ("text" in step) await warehouse.run(step.text, undefined, { signal });
    else if ("work" in step) await step.work(warehouse);
    else await makeIdsUnique(warehouse, step.uniqueIds);
  }
}

/** Code systems and their vocabularies as a SQL list. */
function listOf(codeSystems: Readonly<Record<string, string>>): string {
  const items = Object.entries(codeSystems).map(
    ([uri, id]) => `{'uri': ${literal(uri)}, 'vocabulary_id': ${literal(id)}}`,
  );
  return `[${items.join(", ")}]::struct(uri varchar, vocabulary_id varchar)[]`;
}

async function countTables(warehouse: Warehouse): Promise<Record<string, number>> {
  const counts = cdmTableNames.map((table) => `select ${literal(table)} as name, count(*) as rows from cdm.${table}`);
  const rows = await warehouse.rows<{ name: string; rows: number }>(counts.join(" union all "));
  const found = new Map(rows.map(({ name, rows: count }) => [name, count]));
  return Object.fromEntries(cdmTableNames.flatMap((name) => (found.get(name) ? [[name, found.get(name)!]] : [])));
}
