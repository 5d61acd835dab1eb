import type { Landed } from "../ingest/fhir-files.ts";
import { openLanding, typesInUse } from "../ingest/landing-tables.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { cdmTableNames } from "../warehouse/cdm-tables.ts";
import { countInRun } from "../warehouse/ledger.ts";
import { literal } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { attachVocabulary } from "./attach-vocabulary.ts";
import { cdmRowSteps } from "./cdm-rows/cdm-rows.ts";
import { hasChanged, isMapped, rememberMapping, rulesInUse } from "./changes/last-mapping.ts";
import { mapChanges, notBeside } from "./changes/map-changes.ts";
import { csvExtracts } from "./csv/csv-extracts.ts";
import { rejectDroppedRows } from "./csv/dropped-rows.ts";
import { cutWarning } from "./cut-texts.ts";
import { chosenExtracts, fhirExtracts } from "./extracts.ts";
import { mustHaveLanded } from "./forget-landing.ts";
import { checkOptions, type MapToOmopOptions } from "./mapping-options.ts";
import { fillingSteps, judgingSteps, type MappingStep, preparingSteps, ruleSteps } from "./mapping-steps.ts";
import { withOwnExtracts } from "./own-extracts.ts";
import { clockWarnings } from "./report/mixed-clocks.ts";
import { conceptWarnings } from "./resolve/concept-warnings.ts";
import { runSteps, sqlParts } from "./run-steps.ts";

export type { MapToOmopOptions };

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

/**
 * Maps everything that has landed to OMOP CDM 5.4: extract → resolve → route, all in SQL, and the tables are filled in one transaction.
 * A second run over the same data gives the same rows under the same ids. What was mapped before with the same options and
 * vocabulary is kept, and only the patients are mapped whose records have changed since. Loads the warehouse's vocabulary folder first when it is not loaded yet.
 *
 * Throws VOCABULARY_MISSING when there is no vocabulary (see `noVocabulary`), and USAGE for an option that cannot be. The CDM then
 * stays as it was.
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
      checkOptions(options);
      const version = await attachVocabulary(context, options);
      await openLanding(warehouse);
      await mustHaveLanded(context);
      const rules = await rulesInUse(warehouse, options, version);
      if (!(await isMapped(warehouse, rules))) await mapEverything(context, options, version, rules);
      else if (await hasChanged(warehouse)) await mapWhatChanged(context, options, version, rules);
      const tables = await countTables(warehouse);
      await countMapping(context, tables);
      await warnOfLoss(context);
      if (options.observationPeriod === "enrolment") await warnOfUninsured(context);
      const cut = await cutWarning(warehouse);
      if (cut) context.warn(cut);
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

async function warnOfConcepts(
  { target: warehouse, warn }: StageContext<Warehouse>,
  options: MapToOmopOptions,
): Promise<void> {
  if (!options.noVocabulary) for (const warning of await conceptWarnings(warehouse, options)) warn(warning);
}

async function countMapping(context: StageContext<Warehouse>, tables: Readonly<Record<string, number>>): Promise<void> {
  const dropped = await context.target.row<{ count: number }>(
    "select count(*) as count from mapping.dropped where whole_record",
  );
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  await countInRun(context, "mapToOmop", { persons: tables.person ?? 0, rows, dropped: dropped!.count });
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
  const hint = persons ? "" : " No person was mapped at all: are the patients themselves among the input?";
  warn(
    `${lost.dropped} of ${lost.records} records left no row, most often for ${lost.reason} (see mapping.dropped).${hint}`,
  );
}

async function warnOfUninsured({ target: warehouse, warn }: StageContext<Warehouse>): Promise<void> {
  const { uninsured, persons } = (await warehouse.row<{ uninsured: number; persons: number }>(
    `select
       (select count(*) from cdm.person) as persons,
       (select count(*) from cdm.person anti join cdm.observation_period using (person_id)) as uninsured`,
  ))!;
  if (uninsured > 0) {
    warn(
      `${uninsured} of ${persons} persons have no insurance period, and so no observation_period (observationPeriod "enrolment").`,
    );
  }
}

async function mapEverything(
  context: StageContext<Warehouse>,
  options: MapToOmopOptions,
  version: string,
  rules: string,
): Promise<void> {
  const mapping = await planMapping(context, options, version);
  await mapping.judge();
  await context.target.transaction(async () => {
    await mapping.fill();
    await rememberMapping(context.target, rules);
    await rejectDroppedRows(context);
  });
  await warnOfConcepts(context, options);
  if (options.timeZone === undefined) for (const warning of await clockWarnings(context.target)) context.warn(warning);
}

async function mapWhatChanged(
  context: StageContext<Warehouse>,
  options: MapToOmopOptions,
  version: string,
  rules: string,
): Promise<void> {
  await using changes = await mapChanges(context, options, version, async (beside) => {
    const mapping = await planMapping(beside, options, version, context.target);
    await mapping.judge();
    await mapping.fill();
  });
  if (!changes) return await mapEverything(context, options, version, rules);
  await warnOfConcepts({ ...context, target: changes.beside }, options);
  const taken = await rolledBackUnless(context.target, async () => {
    if (!(await changes.takeOver())) return false;
    await rememberMapping(context.target, rules);
    await rejectDroppedRows(context);
    return true;
  });
  if (!taken) await mapEverything(context, options, version, rules);
}

/** Does work in a transaction that is taken back when it gives false. */
async function rolledBackUnless(warehouse: Warehouse, work: () => Promise<boolean>): Promise<boolean> {
  const failed = Symbol();
  try {
    await warehouse.transaction(async () => {
      if (!(await work())) throw failed;
    });
    return true;
  } catch (error) {
    if (error === failed) return false;
    throw error;
  }
}

/** The two halves of a mapping. */
interface Mapping {
  /** Makes temporary tables only. */
  judge(): Promise<void>;
  /** Puts their rows in the place of those of the warehouse. */
  fill(): Promise<void>;
}

/** The warehouses whose connection has the shapes and macros of the mapping. */
const prepared = new WeakSet<Warehouse>();

/** So many records are read faster as a table, for the extracts are then planned once; more are as fast, and need no room, as a view. */
const fewRecords = 20_000;

const extractsOf = async (warehouse: Warehouse) =>
  (await warehouse.row(`select 1 from meta.file_records having sum(read) > ${fewRecords}`)) ? "view" : "table";

async function planMapping(
  context: StageContext<Warehouse>,
  options: MapToOmopOptions,
  version: string,
  joined?: Warehouse,
): Promise<Mapping> {
  const { target: warehouse } = context;
  const landed = await typesInUse(warehouse);
  const fhir = await withOwnExtracts(fhirExtracts, options.extracts ?? []);
  const extracted = new Set(fhir.map(({ resourceType }) => resourceType));
  const chosen = [
    ...fhir.filter(({ resourceType, path }) => landed.has(resourceType) || path !== undefined),
    ...(await csvExtracts(warehouse, joined)),
  ];
  const judging = [
    ...ruleSteps,
    ...(prepared.has(warehouse) ? [] : preparingSteps),
    ...judgingSteps(chosenExtracts(chosen, options), joined ? "table" : await extractsOf(warehouse), options),
  ];
  const withoutExtract = [...landed].filter((type) => !extracted.has(type));
  const filling = fillingSteps(withoutExtract, options, await cdmRowSteps(warehouse));
  const needed = joined ? filling.filter((step) => !notBeside.has(step)) : filling;
  const run = (steps: readonly MappingStep[], before: number) =>
    runSteps(context, steps, sqlParts(options, version), { before, total: judging.length + needed.length });
  return {
    async judge() {
      await run(judging, 0);
      prepared.add(warehouse);
    },
    fill: () => run(needed, judging.length),
  };
}

async function countTables(warehouse: Warehouse): Promise<Record<string, number>> {
  const counts = cdmTableNames.map((table) => `select ${literal(table)} as name, count(*) as rows from cdm.${table}`);
  const rows = await warehouse.rows<{ name: string; rows: number }>(counts.join(" union all "));
  const found = new Map(rows.map(({ name, rows: count }) => [name, count]));
  return Object.fromEntries(cdmTableNames.flatMap((name) => (found.get(name) ? [[name, found.get(name)!]] : [])));
}
