import { type FhirToOmopAnswer, fhirToOmopTables } from "../../../schemas/fhir-to-omop.ts";
import { landFiles } from "../../ingest/land-fhir.ts";
import { type LandingTable, openLanding } from "../../ingest/landing-tables.ts";
import { resourcesIn } from "../../ingest/stage-carefully.ts";
import { loadVocabulary } from "../../vocabulary/load-vocabulary.ts";
import { keepPlans } from "../../warehouse/kept-plans.ts";
import { identifier, sqlText } from "../../warehouse/sql-text.ts";
import type { Row, Value } from "../../warehouse/values.ts";
import { openWarehouse, type Warehouse } from "../../warehouse/warehouse.ts";
import { cutTexts } from "../cut-texts.ts";
import { chosenExtracts, createExtracts, fhirExtracts } from "../extracts.ts";
import type { MapToOmopOptions } from "../mapping-options.ts";
import {
  defineMappingTables,
  type MappingStep,
  preparingSteps,
  rowFillingSteps,
  rowJudgingSteps,
  ruleSteps,
  sharedSteps,
} from "../mapping-steps.ts";
import { runSteps, sqlParts } from "../run-steps.ts";

/** How {@link openFhirToOmop} is told where its vocabulary is. */
export interface FhirToOmopOptions {
  /** The folder of an Athena download, or several folders and files; see `loadVocabulary`. */
  readonly vocabulary: string | readonly string[];
  /** The folder for the databases that vocabularies are loaded into. Default: beside the files themselves. */
  readonly vocabularyCache?: string | undefined;
}

/** Maps one resource or Bundle after the other. Made by {@link openFhirToOmop}. */
export interface FhirToOmop extends AsyncDisposable {
  /**
   * Maps a resource or a Bundle, given as parsed JSON. Nothing is kept of it. Input that cannot be mapped (no FHIR, no Patient)
   * gives an answer that says so, with `success: false`. Calls at once are answered one after the other.
   */
  map(resources: unknown): Promise<FhirToOmopAnswer>;
  /** Releases the vocabulary. */
  close(): Promise<void>;
}

/** How the contract of `POST /fhir2omop/create` has the options of a mapping. */
const options: MapToOmopOptions = {
  sourceValue: "system#code",
  routing: "resource",
  concepts: "primary",
  typeConcept: "ehr",
};

/** The resource types that leave rows. */
const mappedTypes = [
  "Patient",
  "Encounter",
  "Condition",
  "Procedure",
  "MedicationRequest",
  "MedicationStatement",
  "MedicationAdministration",
  "Immunization",
  "Observation",
  "AllergyIntolerance",
];

/** The types that are read: also Medication, which others refer to. */
const readTypes: ReadonlySet<string> = new Set([...mappedTypes, "Medication"]);

/**
 * Opens a mapper of FHIR resources that answers as `POST /fhir2omop/create` of the PhenoML API does: the rows of OMOP CDM 5.4
 * by table, how each coding was resolved, what was dropped and why. It is the mapping of `mapToOmop` in memory, with the
 * options that this contract has: `system#code` for source values, each row in the table of its resource, concepts for the code
 * of a record only, EHR for its type. Docs: docs/mapping.md#one-bundle-at-a-time.
 *
 * Throws VOCABULARY_MISSING and VOCABULARY_INVALID as `loadVocabulary` does.
 *
 * @example
 * await using mapper = await openFhirToOmop({ vocabulary: "athena/" });
 * const { tables, mappings } = await mapper.map(bundle);
 */
export async function openFhirToOmop({ vocabulary, vocabularyCache }: FhirToOmopOptions): Promise<FhirToOmop> {
  const warehouse = await openWarehouse(":memory:");
  try {
    const { version } = await loadVocabulary(warehouse, vocabulary, { cache: vocabularyCache });
    const tables = (await openLanding(warehouse)).filter(({ resourceType }) => readTypes.has(resourceType));
    const parts = sqlParts(options, version);
    const run = (target: Warehouse, steps: readonly MappingStep[]) =>
      runSteps({ target, signal: new AbortController().signal, progress: () => {} }, steps, parts);
    // To hand out the few rows of a Bundle to several threads takes longer than to do the work.
    await warehouse.run("set threads = 1; set disabled_optimizers = 'statistics_propagation'");
    await run(warehouse, [defineMappingTables, ...ruleSteps, ...preparingSteps, "resolve/concept-map.sql"]);
    const work = async (target: Warehouse, resources: unknown): Promise<FhirToOmopAnswer> => {
      await land(target, resources, tables);
      await run(target, steps);
      return await answer(target, version, resources);
    };
    const planned = await keepPlans(warehouse, async (target) => {
      await work(target, { resourceType: "Bundle" });
    });

    const map = async (resources: unknown): Promise<FhirToOmopAnswer> => {
      const types = new Set(Array.from(resourcesIn(resources), ({ type }) => type));
      if ([...types].every((type) => !type))
        return refusal("There is no FHIR resource: neither a Bundle with resources nor a resource.");
      if (!types.has("Patient")) return refusal("There is no Patient: OMOP has no row without a person.");
      await planned.run("begin transaction");
      try {
        return await work(planned, resources);
      } finally {
        await planned.run("rollback");
      }
    };

    let last: Promise<unknown> = Promise.resolve();
    const close = async () => {
      await last;
      await warehouse.close();
    };
    return {
      map(resources) {
        const next = last.then(() => map(resources));
        last = next.catch(() => {});
        return next;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await warehouse.close();
    throw error;
  }
}

async function land(warehouse: Warehouse, value: unknown, tables: readonly LandingTable[]): Promise<void> {
  const { signal } = new AbortController();
  await landFiles(
    {
      files: [],
      staged: new Set(),
      byLine: new Set(),
      refused: [],
      inMemory: { source: "default", path: "(memory)", value },
    },
    { warehouse, tables, runId: "fhir-to-omop", signal, onFiles: () => {} },
  );
}

const extracts = chosenExtracts(
  fhirExtracts.filter(({ resourceType }) => mappedTypes.includes(resourceType)),
  options,
);

/** From what has landed to all that an answer says. */
const steps: readonly MappingStep[] = [
  ...sharedSteps(extracts),
  { text: createExtracts(extracts, "table") },
  ...rowJudgingSteps(options),
  ...rowFillingSteps(options),
  "derived/observation-period.sql",
  { work: cutTexts },
  "report/dropped-and-lineage.sql",
];

function refusal(message: string): FhirToOmopAnswer {
  return { success: false, message, tables: {}, mappings: [], dropped: [], summary: summaryOf([]) };
}

type Mapping = FhirToOmopAnswer["mappings"][number];

async function answer(warehouse: Warehouse, version: string, resources: unknown): Promise<FhirToOmopAnswer> {
  const place = placesOf(resources);
  const found = await warehouse.rows<Row>(sqlText(import.meta.url, "mappings.sql"));
  found.sort((a, b) => place(a) - place(b));
  const summary = summaryOf(found.filter(({ counts }) => counts).map(({ mapping_status }) => mapping_status as Status));
  const resolved = summary.codes_already_standard + summary.codes_normalized > 0;
  return {
    success: true,
    message: await messageOf(warehouse),
    tables: await tablesOf(warehouse, place),
    mappings: found.map(({ counts, ...mapping }) => withoutNulls(mapping) as unknown as Mapping),
    dropped: await droppedOf(warehouse, place),
    ...(resolved && version !== "" ? { vocab_version: version } : {}),
    summary,
  };
}

type Status = Mapping["mapping_status"];

function summaryOf(statuses: readonly Status[]): FhirToOmopAnswer["summary"] {
  const count = (...wanted: readonly Status[]) => statuses.filter((status) => wanted.includes(status)).length;
  const off = count("MAPPED", "UNCHECKED", "UNMAPPED");
  return {
    codes_already_standard: count("ALREADY_STANDARD"),
    codes_normalized: count("MAPPED", "UNCHECKED"),
    codes_unmapped: count("UNMAPPED"),
    off_vocab_rate: statuses.length === 0 ? 0 : off / statuses.length,
  };
}

/** Says also what else of the input left no row, for which the contract has no place. */
async function messageOf(warehouse: Warehouse): Promise<string> {
  const { refused, older } = (await warehouse.row<{ refused: number; older: number }>(
    `select
       (select count(*) from meta.quarantine) as refused,
       (select coalesce(sum(superseded), 0)::bigint from meta.file_records) as older`,
  ))!;
  return [
    "FHIR resources mapped to OMOP CDM v5.4",
    ...(refused > 0 ? [`${refused} entries hold no FHIR resource`] : []),
    ...(older > 0 ? [`${older} older versions of resources were left out`] : []),
  ].join("; ");
}

type Place = (record: Row) => number;

/** Where a record stands in the input; those without an id come last. */
function placesOf(resources: unknown): Place {
  const places = new Map<string, number>();
  let count = 0;
  for (const { value } of resourcesIn(resources)) {
    const { resourceType, id } = (value ?? {}) as { resourceType?: unknown; id?: unknown };
    places.set(`${resourceType}/${id}`, count++);
  }
  return ({ resource_type, resource_id }) => places.get(`${resource_type}/${resource_id}`) ?? count;
}

/** The rows of the contract's tables, in the order of the records that they came from. */
async function tablesOf(warehouse: Warehouse, place: Place): Promise<FhirToOmopAnswer["tables"]> {
  const lineage = await warehouse.rows<Row>("from mapping.lineage order by part, target");
  lineage.sort((a, b) => place(a) - place(b));
  const ranks = new Map(lineage.map(({ cdm_table, cdm_id }, rank) => [`${cdm_table}/${cdm_id}`, rank]));
  const tables: Record<string, unknown> = {};
  for (const [table, { element }] of Object.entries(fhirToOmopTables)) {
    const columns = Object.keys(element.shape);
    const rows = await warehouse.rows<Row>(
      `select ${columns.map(identifier).join(", ")} from cdm.${table} order by ${identifier(columns[0]!)}`,
    );
    const rank = (row: Row) => ranks.get(`${table}/${row[columns[0]!]}`) ?? ranks.size;
    rows.sort((a, b) => rank(a) - rank(b));
    if (rows.length > 0) tables[table] = rows.map(asContractSays);
  }
  return tables as FhirToOmopAnswer["tables"];
}

/** A concept that a row does not have is 0; the time of something of which only the day is known is that day. */
function asContractSays(row: Row): Row {
  const said = Object.entries(row).map(([column, value]): [string, Value] => {
    if (column.endsWith("_concept_id")) return [column, value ?? 0];
    if (column === "birth_datetime") return [column, String(value ?? "").replace("T00:00:00", "") || null];
    if (column.endsWith("_datetime")) return [column, value ?? row[column.replace(/time$/, "")] ?? null];
    return [column, value];
  });
  return withoutNulls(Object.fromEntries(said));
}

function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

async function droppedOf(warehouse: Warehouse, place: Place): Promise<FhirToOmopAnswer["dropped"]> {
  const rows = await warehouse.rows<FhirToOmopAnswer["dropped"][number]>(
    `select
       resource_type,
       resource_id,
       reason || case when whole_record then '' else ' (component ' || part || ')' end as reason
     from mapping.dropped order by resource_type, resource_id, part`,
  );
  return rows.sort((a, b) => place(a) - place(b));
}
