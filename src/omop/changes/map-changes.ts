import { cdmTables } from "../../../schemas/cdm.ts";
import { type LandingTable, openLanding, patientReferredTo, typesInUse } from "../../ingest/landing-tables.ts";
import type { StageContext } from "../../pipeline/stage.ts";
import { filledCdmTables, tablesOfPersons } from "../../warehouse/cdm-tables.ts";
import { identifier, literal, sqlText } from "../../warehouse/sql-text.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { keepVocabularyInUse } from "../concepts-in-use.ts";
import type { MapToOmopOptions } from "../mapping-options.ts";
import { emptyTables, type MappingStep, observationPeriodSteps, unmappedSteps } from "../mapping-steps.ts";
import { runSteps, sqlParts } from "../run-steps.ts";
import { countCsvRows, csvCanBeParted, landCsvBeside, rowsOfRecords } from "./csv-beside.ts";

/** What has changed since the last mapping, mapped beside the warehouse. */
export interface MappedChanges extends AsyncDisposable {
  /** Where they are mapped. */
  readonly beside: Warehouse;
  /**
   * Puts it in the place of what was there before, in the caller's transaction. False: that cannot be done; the transaction is
   * to be rolled back, and all has to be mapped anew.
   */
  takeOver(): Promise<boolean>;
}

/** When more of the patients than this have changed, all are mapped: it is not slower then. */
const largestShare = 0.3;

/**
 * Maps the patients whose records have changed since the last mapping, in a warehouse beside this one and by the steps that map
 * all. Undefined when so much has changed that all have to be mapped, or when there are CSV files that cannot be parted by persons.
 */
export async function mapChanges(
  context: StageContext<Warehouse>,
  options: MapToOmopOptions,
  version: string,
  mapAll: (beside: StageContext<Warehouse>) => Promise<void>,
): Promise<MappedChanges | undefined> {
  const { target: warehouse } = context;
  if (!(await csvCanBeParted(warehouse))) return undefined;
  const beside = await warehouse.openBeside();
  try {
    const tables = await openLanding(beside);
    await beside.run(
      sqlText(import.meta.url, "touched.sql", {
        warehouse: warehouse.database,
        naming_changed: await namingChanged(warehouse, tables),
      }),
    );
    if (await mostHaveChanged(warehouse, beside)) {
      await beside.close();
      return undefined;
    }
    await landBeside(warehouse, beside);
    await landCsvBeside(warehouse, beside);
    // To hand out the few rows to several threads takes longer than to do the work.
    await beside.run("set threads = 1");
    try {
      await mapAll({ ...context, target: beside });
    } finally {
      await beside.run("reset threads");
    }
    return {
      beside,
      takeOver: () => takeOver(context, beside, options, version),
      [Symbol.asyncDispose]: () => beside.close(),
    };
  } catch (error) {
    await beside.close();
    throw error;
  }
}

async function takeOver(
  context: StageContext<Warehouse>,
  beside: Warehouse,
  options: MapToOmopOptions,
  version: string,
): Promise<boolean> {
  const { target: warehouse, signal } = context;
  const run = (text: string) => warehouse.run(text, undefined, { signal });
  const sql = (file: string, parts: Readonly<Record<string, string>>) =>
    run(sqlText(import.meta.url, file, { beside: beside.database, ...parts }));
  await sql("forget.sql", { rows_of_persons: rowsOfPersons(beside) });
  for (const { table } of tablesByPerson) await run(`delete from cdm.${table} where ${ofTouchedPerson(beside)}`);
  const inBeside = await filledCdmTables(beside);
  const filled = replacedTables.filter(({ table }) => inBeside.has(table));
  if (await idsMeet(warehouse, beside, filled)) return false;
  for (const { table } of filled) await run(`insert into cdm.${table} from ${beside.database}.cdm.${table}`);
  await sql("take-over.sql", {
    landed: [...countLanded(await openLanding(warehouse)), ...(await countCsvRows(warehouse))].join("\nunion all\n"),
    rows_of_records: await rowsOfRecords(warehouse),
  });
  const steps: MappingStep[] = ["report/code-records.sql", ...unmappedSteps(options), "derived/cdm-source.sql"];
  if (options.observationPeriod === "gap548") steps.push(...observationPeriodSteps(options));
  if (await hasNewConcepts(warehouse, beside)) steps.push({ work: keepVocabularyInUse });
  await runSteps(context, steps, sqlParts(options, version));
  return true;
}

/** The tables whose rows are all replaced, or those of some persons. */
const replacedTables = cdmTables
  .filter(({ group, table }) => group === "cdm" && !["location", "cdm_source", "fact_relationship"].includes(table))
  .map(({ table, columns }) => ({ table, id: columns[0]!.name }));

async function mostHaveChanged(warehouse: Warehouse, beside: Warehouse): Promise<boolean> {
  const share = await warehouse.row<{ changed: number; persons: number }>(
    `select
       (select count(*) from ${beside.database}.meta.touched_patient) as changed,
       (select count(*) from cdm.person) as persons`,
  );
  return share!.changed > largestShare * share!.persons;
}

const tablesByPerson = replacedTables.filter(({ table }) => tablesOfPersons.has(table));

const ofTouchedPerson = (beside: Warehouse) =>
  `person_id in (select person_id from ${beside.database}.meta.touched_person)`;

/** The records of the patients in question, and all that belong to no patient, are what has landed beside. */
async function landBeside(warehouse: Warehouse, beside: Warehouse): Promise<void> {
  const filled = await typesInUse(warehouse);
  for (const { table, patientReference, resourceType } of await openLanding(beside)) {
    if (!filled.has(resourceType)) continue;
    const landed = `${warehouse.database}.${table}`;
    if (patientReference === undefined) {
      await beside.run(`drop table ${table}; create view ${table} as from ${landed}`);
      continue;
    }
    const patient = patientReferredTo(resourceType, "reference");
    await beside.run(
      sqlText(import.meta.url, "land-beside.sql", { table, landed, reference: patientReference, patient }),
    );
  }
}

/** By which types of record those of a type are named that belong to no patient. Others are named by none that would be mapped otherwise. */
const namedBy: Readonly<Record<string, RegExp>> = {
  Medication: /^Medication/,
  Device: /^DeviceUs/,
  Questionnaire: /^QuestionnaireResponse$/,
  Practitioner: /./,
  PractitionerRole: /./,
  Organization: /./,
  Location: /./,
};

/** The patients of whose records some name a record that changed and belongs to no patient. */
async function namingChanged(warehouse: Warehouse, tables: readonly LandingTable[]): Promise<string> {
  const changed = `from ${warehouse.database}.meta.change where resource_id is not null`;
  const types = await warehouse.rows<{ resource_type: string }>(`select distinct resource_type ${changed}`);
  const selects = tables
    .filter(
      ({ resourceType, patient }) => patient && types.some((type) => namedBy[type.resource_type]?.test(resourceType)),
    )
    .map(
      ({ table, patient }) =>
        `select landing_source, ${patient}
         from ${warehouse.database}.${table} record
         where list_has_any(
           regexp_extract_all(
             concat_ws(' ', *columns(record.* exclude (landing_source, landing_file, id))), '[A-Za-z]+[/|:]([A-Za-z0-9.\\-]+)', 1
           ),
           (select list(resource_id) ${changed})
         )`,
    );
  return ["select null, null where false", ...selects].join(" union all ");
}

function rowsOfPersons(beside: Warehouse): string {
  return tablesByPerson
    .map(
      ({ table, id }) =>
        `select ${literal(table)} as cdm_table, ${identifier(id)} as cdm_id from cdm.${table} where ${ofTouchedPerson(beside)}`,
    )
    .join("\nunion all\n");
}

/** Whether an id of a new row is that of a row that stays, which only mapping all can mend. */
async function idsMeet(warehouse: Warehouse, beside: Warehouse, tables: typeof replacedTables): Promise<boolean> {
  const meetings = tables.map(
    ({ table, id }) =>
      `(select 1 from cdm.${table} semi join (from ${beside.database}.cdm.${table}) using (${identifier(id)}) limit 1)`,
  );
  return meetings.length > 0 && (await warehouse.row(meetings.join(" union all "))) !== undefined;
}

/** Whether the vocabulary has concepts in use that the warehouse does not have yet. */
async function hasNewConcepts(warehouse: Warehouse, beside: Warehouse): Promise<boolean> {
  const found = await beside.row(
    `select 1 from vocab.concept anti join ${warehouse.database}.vocab.concept using (concept_id) limit 1`,
  );
  return found !== undefined;
}

/**
 * Of the steps of a mapping those whose outcome is not taken over from beside: they are run on all of the data, begin with nothing, or
 * say the same as long as the rules are the same.
 */
export const notBeside: ReadonlySet<MappingStep> = new Set([
  emptyTables,
  "derived/cdm-source.sql",
  "derived/metadata.sql",
  "options/observation-period/gap548.sql",
  "report/code-records.sql",
  "report/unmapped.sql",
]);

function countLanded(tables: readonly LandingTable[]): string[] {
  return tables.map(
    ({ table, resourceType }) =>
      `select landing_file as file_id, ${literal(resourceType)} as resource_type, count(*) as records from ${table} group by all`,
  );
}
