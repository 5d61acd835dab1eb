import { tableNameOf } from "../ingest/landing-tables.ts";
import { cdmTableNames } from "../warehouse/cdm-tables.ts";
import { defineTables, type TableDefinitions } from "../warehouse/define-tables.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import type { CdmRowSteps } from "./cdm-rows/cdm-rows.ts";
import { keepVocabularyInUse } from "./concepts-in-use.ts";
import { cutTexts } from "./cut-texts.ts";
import { forgetEmptyRows, hideEmptyRows } from "./empty-rows.ts";
import { createExtracts, type Extract } from "./extracts.ts";
import type { MapToOmopOptions } from "./mapping-options.ts";
import { checkExtract } from "./own-extracts.ts";
import { matchUnits } from "./resolve/match-units.ts";
import type { IdColumn } from "./unique-ids.ts";

/**
 * A `.sql` file of this folder, SQL made here, a column of ids to be made unique, what SQL cannot do, or steps that have nothing to do
 * while a table is empty: planning them would take longer than all else does where there are few records.
 */
export type MappingStep =
  | string
  | { readonly text: string }
  | { readonly uniqueIds: IdColumn }
  | { readonly work: (warehouse: Warehouse) => Promise<void> }
  | { readonly unlessEmpty: string; readonly steps: readonly MappingStep[] };

const recordKey = ["source", "resource_type", "resource_id"];

/** What lists and options decide, before anything else. */
export const ruleSteps: readonly MappingStep[] = [
  "status-filter.sql",
  "modifier-extensions.sql",
  "resolve/macros.sql",
  "resolve/lists.sql",
];

export const mappingMacros = (): TableDefinitions => ({
  part: "macros",
  sql: sqlText(import.meta.url, "macros.sql"),
  rows: "kept",
});

/** The tables of schema `mapping`: what was mapped by others is mapped anew. */
export const mappingTables = (): TableDefinitions => ({
  part: "mapping",
  sql: sqlText(import.meta.url, "mapping-schema.sql") + sqlText(import.meta.url, "report/implausible.sql"),
  rows: "made anew",
});

/** The macros and shapes of a mapping: once for each connection, and outside of a transaction. */
export const preparingSteps: readonly MappingStep[] = [
  { work: (warehouse) => warehouse.transaction(() => define(warehouse, mappingMacros())) },
  "events.sql",
  "csv/macros.sql",
];

export const defineMappingTables: MappingStep = { work: (warehouse) => define(warehouse, mappingTables()) };

async function define(warehouse: Warehouse, definitions: TableDefinitions): Promise<void> {
  await defineTables(warehouse, definitions);
}

/** What several extracts share, with the extracts that read it, by how their names begin. */
const shared: readonly (readonly [steps: readonly string[], extracts: readonly string[]])[] = [
  [["dosages.sql", "medications.sql"], ["medication"]],
  [["devices.sql"], ["device"]],
  [["questionnaires.sql"], ["questionnaire"]],
  [["costs.sql"], ["claim", "explanation-of-benefit"]],
  [["diagnoses.sql"], ["condition"]],
  [
    ["texts/characters.sql", "texts/html.sql", "texts/rtf.sql", "texts/attachments.sql", "reports.sql"],
    ["diagnostic-report", "document-reference"],
  ],
];

/** What these extracts share. Planning what none of them reads would take longer than a patient does. */
export function sharedSteps(extracts: readonly Extract[]): readonly MappingStep[] {
  // A user's own may read all of it.
  const all = extracts.some(({ path }) => path !== undefined);
  return shared.flatMap(([steps, beginnings]) =>
    all || extracts.some(({ name }) => beginnings.some((beginning) => name.startsWith(beginning))) ? steps : [],
  );
}

export const emptyTables: MappingStep = {
  text: cdmTableNames.map((table) => `delete from cdm.${table};`).join("\n"),
};

/**
 * From what has landed to the rows that it becomes, in temporary tables: with which codes, concepts, persons and ids, or why it
 * becomes none. Changes no table of the warehouse. To be run outside of a transaction: several threads read a temporary table
 * only once it is committed.
 */
export function judgingSteps(
  extracts: readonly Extract[],
  extracted: "view" | "table",
  options: MapToOmopOptions,
): readonly MappingStep[] {
  return [
    "resolve/concept-map.sql",
    ...(options.timeZone === undefined ? [] : ["options/time-zone.sql"]),
    ...sharedSteps(extracts),
    ...extracts.filter(({ path }) => path !== undefined).map((extract) => ({ work: checkExtract(extract) })),
    { text: createExtracts(extracts, extracted) },
    { work: forgetEmptyRows },
    ...rowJudgingSteps(options),
    { work: hideEmptyRows },
  ];
}

/** From the rows judged to the tables of the warehouse, in one transaction. `typesWithoutExtract`: of what has landed. */
export function fillingSteps(
  typesWithoutExtract: readonly string[],
  options: MapToOmopOptions,
  cdmRows: CdmRowSteps,
): readonly MappingStep[] {
  return [
    defineMappingTables,
    emptyTables,
    ...rowFillingSteps(options),
    ...cdmRows.given,
    ...derivedSteps(options),
    ...(options.ruleset === "etl-synthea" ? ["options/etl-synthea/observation-period.sql"] : []),
    ...cdmRows.derived,
    { work: cutTexts },
    "report/dropped-and-lineage.sql",
    "report/code-records.sql",
    ...cdmRows.report,
    ...unmappedSteps(options),
    ...referenceFates(typesWithoutExtract),
  ];
}

/** The worklist of what has no concept. Where only the codes of records are wanted as concepts, nothing else lacks one. */
export function unmappedSteps({ concepts }: MapToOmopOptions): readonly string[] {
  return ["report/unmapped.sql", ...(concepts === "primary" ? [] : ["report/unmapped-constants.sql"])];
}

/** From what was extracted to the rows of the CDM that are not made of others. */
export function rowJudgingSteps(options: MapToOmopOptions): readonly MappingStep[] {
  const likeEtlSynthea = options.ruleset === "etl-synthea";
  const byGuide = options.ruleset === "hl7-guide";
  return [
    ...(byGuide ? ["options/hl7-guide/codes.sql"] : []),
    "resolve/codes.sql",
    "resolve/ndc.sql",
    "resolve/concepts-of-codes.sql",
    "resolve/units.sql",
    ...(options.concepts === "primary" ? [] : [{ work: matchUnits }]),
    "resolve/resolve.sql",
    ...(options.sourceValue === "system#code" ? ["options/source-value.sql"] : []),
    ...(options.concepts === "primary" ? ["options/primary-concepts.sql"] : []),
    ...(options.typeConcept === "ehr" || byGuide ? ["options/ehr-type.sql"] : []),

    "rows/address.sql",
    { uniqueIds: { table: "address_row", id: "location_id", key: ["source", "address_key"] } },
    "rows/care-site.sql",
    { uniqueIds: { table: "care_site_row", id: "care_site_id", key: recordKey } },
    "rows/care-site-key.sql",
    "rows/provider.sql",
    { uniqueIds: { table: "provider_row", id: "provider_id", key: recordKey } },
    "rows/provider-key.sql",
    "rows/person.sql",
    { uniqueIds: { table: "person_row", id: "person_id", key: recordKey } },
    "rows/person-key.sql",
    "rows/visit.sql",
    ...(options.routing === "resource" || likeEtlSynthea ? [] : ["rows/visit-stay.sql"]),
    { uniqueIds: { table: "visit_row", id: "visit_id", key: [...recordKey, "part"] } },
    "rows/visit-key.sql",
    ...(likeEtlSynthea ? ["options/etl-synthea/visits.sql"] : []),
    "rows/event.sql",
    ...(likeEtlSynthea ? ["options/etl-synthea/events.sql"] : []),
    ...(byGuide ? ["options/hl7-guide/events.sql"] : []),
    "rows/person-race.sql",
    { uniqueIds: { table: "event_row", id: "cdm_id", within: "cdm_table", key: [...recordKey, "part", "target"] } },
    "rows/record-link.sql",
    "rows/note.sql",
    { uniqueIds: { table: "note_row", id: "note_id", key: [...recordKey, "part"] } },
    "rows/payer-plan.sql",
    { uniqueIds: { table: "payer_plan_row", id: "payer_plan_period_id", key: recordKey } },
    "rows/cost.sql",
    { uniqueIds: { table: "cost_row", id: "cost_id", key: [...recordKey, "part"] } },
  ];
}

/** The rows judged, in the tables of the CDM. */
export function rowFillingSteps({ ruleset }: MapToOmopOptions): readonly MappingStep[] {
  return [
    "tables/resolved.sql",
    "tables/location.sql",
    "tables/care-site.sql",
    "tables/provider.sql",
    "tables/person.sql",
    "tables/death.sql",
    "tables/visit-occurrence.sql",
    "tables/visit-detail.sql",
    "tables/condition-occurrence.sql",
    "tables/procedure-occurrence.sql",
    "tables/drug-exposure.sql",
    "tables/device-exposure.sql",
    "tables/measurement.sql",
    "tables/observation.sql",
    "tables/specimen.sql",
    "tables/note.sql",
    "tables/payer-plan-period.sql",
    "tables/cost.sql",
    "tables/fact-relationship.sql",
    ...(ruleset === "etl-synthea" ? ["options/etl-synthea/tables.sql"] : []),
  ];
}

const derivedSteps = (options: MapToOmopOptions): readonly MappingStep[] => [
  { work: keepVocabularyInUse },
  ...observationPeriodSteps(options),
  {
    unlessEmpty: "cdm.condition_occurrence",
    steps: ["derived/condition-era.sql", { uniqueIds: eraIds("condition_era", "condition_concept_id") }],
  },
  {
    unlessEmpty: "cdm.drug_exposure",
    steps: [
      "derived/ingredient-exposure.sql",
      "derived/drug-era.sql",
      { uniqueIds: eraIds("drug_era", "drug_concept_id") },
      "derived/dose-era.sql",
      { uniqueIds: eraIds("dose_era", "drug_concept_id", "unit_concept_id", "dose_value") },
    ],
  },
  "derived/cdm-source.sql",
  "derived/metadata.sql",
];

export function observationPeriodSteps({ observationPeriod = "span" }: MapToOmopOptions): readonly MappingStep[] {
  if (observationPeriod === "span") return ["derived/observation-period.sql"];
  return [
    `options/observation-period/${observationPeriod}.sql`,
    {
      uniqueIds: {
        table: "cdm.observation_period",
        id: "observation_period_id",
        key: ["person_id", "observation_period_start_date"],
      },
    },
  ];
}

/** The ids of eras, which are those of one person and `what`, by their start. */
function eraIds(table: string, ...what: readonly string[]): IdColumn {
  return { table: `cdm.${table}`, id: `${table}_id`, key: ["person_id", ...what, `${table}_start_date`] };
}

/** Records of these types have no extract: they are used through others only. */
function referenceFates(types: readonly string[]): MappingStep[] {
  if (types.length === 0) return [];
  const selects = types.map(
    (type) =>
      `select landing_file, ${literal(type)}, 0, count(*), 0 from landing.${tableNameOf(type)} group by landing_file`,
  );
  return [{ text: `insert into mapping.file_fate\n${selects.join("\nunion all\n")};` }];
}
