import { fileURLToPath } from "node:url";
import type { Landed } from "../ingest/fhir-files.ts";
import { landedTypes, openLanding, tableNameOf } from "../ingest/landing-tables.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { softwareVersion } from "../version.ts";
import { howToGetVocabulary, loadVocabulary, vocabularyVersion } from "../vocabulary/load-vocabulary.ts";
import { cdmTableNames } from "../warehouse/cdm-tables.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { csvExtracts } from "./csv/csv-extracts.ts";
import { createExtractViews, fhirExtracts } from "./extracts.ts";
import { matchUnits } from "./resolve/match-units.ts";
import { type IdColumn, makeIdsUnique } from "./unique-ids.ts";

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
  /** The name of the data for `cdm_source`. Default "default". */
  readonly sourceName?: string | undefined;
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
      await ensureVocabulary(warehouse, options, context);
      const version = await vocabularyVersion(warehouse);
      await openLanding(warehouse);
      const tables = await warehouse.transaction(async () => {
        await mapAll(context, options.sourceName ?? "default", version);
        return await countTables(warehouse);
      });
      await warnOfLoss(context);
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

async function ensureVocabulary(
  warehouse: Warehouse,
  options: MapToOmopOptions,
  { signal, warn }: StageContext<Warehouse>,
): Promise<void> {
  if (warehouse.vocabulary !== undefined) await loadVocabulary(warehouse, warehouse.vocabulary, { signal });
  if (await warehouse.row("select 1 from vocab.concept limit 1")) return;
  if (!options.noVocabulary) {
    throw new OmopipeError(
      "VOCABULARY_MISSING",
      `No vocabulary is loaded, so no code can become a concept. ${howToGetVocabulary}, ` +
        "or go on without one (--no-vocabulary): all codes are then kept with concept 0.",
    );
  }
  warn(`No vocabulary: all codes are kept with concept 0. ${howToGetVocabulary}.`);
}

async function mapAll(context: StageContext<Warehouse>, sourceName: string, version: string): Promise<void> {
  const { target: warehouse, signal, progress } = context;
  const schemaFile = (name: string) => literal(fileURLToPath(new URL(`../../schemas/${name}`, import.meta.url)));
  const parts = {
    concept_map: schemaFile("concept-map.csv"),
    code_systems: schemaFile("code-systems.csv"),
    vocabulary_priority: schemaFile("vocabulary-priority.csv"),
    states: schemaFile("us-states.csv"),
    source_name: literal(sourceName),
    software_version: literal(softwareVersion),
    vocabulary_version: literal(version || "none"),
  };
  const recordKey = ["source", "resource_type", "resource_id"];
  const steps: readonly (
    | string
    | { text: string }
    | { uniqueIds: IdColumn }
    | { work: (on: Warehouse) => Promise<void> }
  )[] = [
    "mapping-schema.sql",
    "resolve/macros.sql",
    "resolve/concept-map.sql",
    "events.sql",
    { text: createExtractViews([...fhirExtracts, ...(await csvExtracts(warehouse))]) },
    "resolve/codes.sql",
    "resolve/units.sql",
    { work: matchUnits },
    "resolve/resolve.sql",
    { text: cdmTableNames.map((table) => `delete from cdm.${table};`).join("\n") },
    "rows/address.sql",
    { uniqueIds: { table: "address_row", id: "location_id", key: ["source", "address_key"] } },
    "rows/person.sql",
    { uniqueIds: { table: "person_row", id: "person_id", key: recordKey } },
    "rows/person-key.sql",
    "rows/visit.sql",
    { uniqueIds: { table: "visit_row", id: "visit_occurrence_id", key: recordKey } },
    "rows/visit-key.sql",
    "rows/event.sql",
    { uniqueIds: { table: "event_row", id: "cdm_id", within: "cdm_table", key: [...recordKey, "part", "target"] } },
    "tables/location.sql",
    "tables/person.sql",
    "tables/death.sql",
    "tables/visit-occurrence.sql",
    "tables/condition-occurrence.sql",
    "tables/procedure-occurrence.sql",
    "tables/drug-exposure.sql",
    "tables/device-exposure.sql",
    "tables/measurement.sql",
    "tables/observation.sql",
    "derived/observation-period.sql",
    "derived/condition-era.sql",
    { uniqueIds: eraIds("condition_era", "condition_concept_id") },
    "derived/ingredient-exposure.sql",
    "derived/drug-era.sql",
    { uniqueIds: eraIds("drug_era", "drug_concept_id") },
    "derived/dose-era.sql",
    { uniqueIds: eraIds("dose_era", "drug_concept_id", "unit_concept_id", "dose_value") },
    "derived/cdm-source.sql",
    "report/dropped-and-lineage.sql",
    { text: referenceFates() },
  ];
  for (const [done, step] of steps.entries()) {
    progress({ done, total: steps.length, unit: "steps" });
    if (typeof step === "string") await warehouse.run(sqlText(import.meta.url, step, parts), undefined, { signal });
    else if ("text" in step) await warehouse.run(step.text, undefined, { signal });
    else if ("work" in step) await step.work(warehouse);
    else await makeIdsUnique(warehouse, step.uniqueIds);
  }
}

/** The ids of eras, which are those of one person and `what`, by their start. */
function eraIds(table: string, ...what: readonly string[]): IdColumn {
  return { table: `cdm.${table}`, id: `${table}_id`, key: ["person_id", ...what, `${table}_start_date`] };
}

/** Records of types without an extract are used through others only. */
function referenceFates(): string {
  const extracted = new Set(fhirExtracts.map(({ resourceType }) => resourceType));
  const selects = landedTypes
    .filter((type) => !extracted.has(type))
    .map(
      (type) =>
        `select landing_file, ${literal(type)}, 0, count(*), 0 from landing.${tableNameOf(type)} group by landing_file`,
    );
  return `insert into mapping.file_fate\n${selects.join("\nunion all\n")};`;
}

async function countTables(warehouse: Warehouse): Promise<Record<string, number>> {
  const counts = cdmTableNames.map((table) => `select ${literal(table)} as name, count(*) as rows from cdm.${table}`);
  const rows = await warehouse.rows<{ name: string; rows: number }>(counts.join(" union all "));
  const found = new Map(rows.map(({ name, rows: count }) => [name, count]));
  return Object.fromEntries(cdmTableNames.flatMap((name) => (found.get(name) ? [[name, found.get(name)!]] : [])));
}
