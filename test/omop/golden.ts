import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cdmTables } from "../../schemas/cdm.ts";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { type MapToOmopOptions, mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import type { Row } from "../../src/warehouse/values.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { writeVocabulary } from "../support/vocabulary-rows.ts";
import { badNeighbours } from "./bad-neighbours.ts";

/** A file of `cases/`: FHIR in, OMOP rows out. */
export interface CaseFile {
  readonly title: string;
  /** How all cases are mapped; default: as mapToOmop does of itself. */
  readonly options?: MapToOmopOptions;
  /** Rows of vocabulary tables that only these cases need, beside the excerpt in `vocabulary/`. */
  readonly vocabulary?: Readonly<Record<string, readonly object[]>>;
  /** Resources that every case has. Their rows are left aside. */
  readonly given?: readonly Resource[];
  readonly cases: readonly GoldenCase[];
}

export interface GoldenCase {
  readonly name: string;
  readonly fhir: readonly Resource[];
  /**
   * The rows of each table, in the order of their resources, parts and targets. Only listed columns are compared. A table
   * that is not listed holds nothing, {@link aside} excepted. `ref:ID` stands for the id of the row that came from that
   * resource, `id:NAME` for any id, the same wherever the name stands.
   */
  readonly rows: Readonly<Record<string, readonly Row[]>>;
  /** Columns that are not listed are NULL, except the row's own id. */
  readonly exact?: boolean;
  /** What left no row, and why; nothing when left out. */
  readonly dropped?: readonly Row[];
}

export interface Resource {
  readonly resourceType: string;
  readonly id: string;
}

/** A row of a CDM table, or of `mapping.dropped` or `mapping.lineage`, and the record it is about. */
export interface Traced {
  readonly source: string;
  readonly resource_id: string;
  readonly part: number;
  readonly target: number;
  readonly row: Row;
}

/** What the cases of a file became. */
export interface Outcome {
  /** By table. */
  readonly rows: ReadonlyMap<string, readonly Traced[]>;
  /** CDM tables with rows that no record accounts for. */
  readonly untraced: readonly string[];
}

/** Tables that are made of the others. */
const derived = ["observation_period", "condition_era", "drug_era", "dose_era"];

/** Tables that tell of the mapping, not of records. */
const ofTheMapping = ["cdm_source", "metadata"];

/** Tables that are compared only where a case lists them. */
export const aside: ReadonlySet<string> = new Set(["person", "location", "lineage", ...derived]);

const folder = fileURLToPath(new URL("./", import.meta.url));
export const ownExcerpt = join(folder, "vocabulary");

export const caseFiles: readonly CaseFile[] = readdirSync(join(folder, "cases"))
  .sort()
  .map((name) => JSON.parse(readFileSync(join(folder, "cases", name), "utf8")));

type Write = (folder: string, resources: readonly Resource[], i: number) => Promise<void>;

/** Maps all cases of a file. */
export function mapCases(file: CaseFile, excerpt = ownExcerpt): Promise<Outcome> {
  return mapWithThoseAlike(file, excerpt, writeAlone);
}

/**
 * The same with bad records before and behind those of each case, in one mixed file. Every fourth case has lines besides that
 * are no JSON, which sends its file the careful way; every eighth has one file a resource type, which is the direct way.
 */
export function mapCasesBesideBadNeighbours(file: CaseFile): Promise<Outcome> {
  return mapWithThoseAlike(file, ownExcerpt, writeBesideBadNeighbours);
}

const writeAlone: Write = async (folder, resources) => {
  await writeFile(join(folder, "case.ndjson"), resources.map((resource) => JSON.stringify(resource)).join("\n"));
};

const writeBesideBadNeighbours: Write = async (folder, resources, i) => {
  const neighbours = badNeighbours(resources, i === 0);
  const own = resources.map((each) => ({ type: each.resourceType, line: JSON.stringify(each) }));
  const broken = i % 4 === 3 ? own.map(({ type, line }) => ({ type, line: line.slice(0, -1) })) : [];
  const all = [
    ...neighbours.filter((_, at) => at % 2 === 0),
    ...own,
    ...broken,
    ...neighbours.filter((_, at) => at % 2 === 1),
  ];
  const files = i % 8 === 7 ? byType(all) : new Map([["mixed", [notLanded, ...all]]]);
  for (const [name, lines] of files) {
    await writeFile(join(folder, `${name}.ndjson`), lines.map(({ line }) => line).join("\n"));
  }
};

const mapped = new Map<string, Promise<Outcome>>();

/** Files with the same options and vocabulary are mapped together, once: most of the time of a mapping goes by before the first record. */
async function mapWithThoseAlike(file: CaseFile, excerpt: string, write: Write): Promise<Outcome> {
  const rulesOf = ({ options, vocabulary }: CaseFile) => JSON.stringify([options, vocabulary]);
  const alike = caseFiles.includes(file) ? caseFiles.filter((other) => rulesOf(other) === rulesOf(file)) : [file];
  const key = JSON.stringify([alike[0]!.title, excerpt, write.name]);
  if (!mapped.has(key)) mapped.set(key, mapSources(alike, excerpt, write));
  const { rows, untraced } = await mapped.get(key)!;
  const own = [...rows].map(([table, traced]) => {
    const beginning = sourceOf(file, "");
    const ofFile = traced.filter(({ source }) => source.startsWith(beginning));
    return [table, ofFile.map((each) => ({ ...each, source: each.source.slice(beginning.length) }))] as const;
  });
  return { rows: new Map(own), untraced };
}

/** Names of cases are those of one file. */
const sourceOf = (file: CaseFile, name: string) => (caseFiles.includes(file) ? `${file.title} / ${name}` : name);

function byType<T extends { readonly type: string }>(all: readonly T[]): Map<string, T[]> {
  return new Map(all.map(({ type }) => [type, all.filter((each) => each.type === type)]));
}

const notLanded = { type: "Basic", line: '{"resourceType":"Basic"}' };

/**
 * Maps the cases of files in one warehouse and sums up what became of every record. Each case is a source of its own, and records
 * of different sources never meet. `write` writes the resources of a case, the i-th of its file, into its folder.
 */
export async function mapSources(files: readonly CaseFile[], excerpt: string, write: Write): Promise<Outcome> {
  const { vocabulary = {}, options } = files[0]!;
  const sources: string[] = [];
  const work = await mkdtemp(join(tmpdir(), "omopipe-golden-"));
  const own = await writeVocabulary(join(work, "vocabulary"), vocabulary);
  await using warehouse = await openWarehouse(":memory:", {
    vocabulary: [excerpt, ...own],
    vocabularyCache: excerpt.startsWith(folder) ? undefined : join(work, "cache"),
  });
  // Files of tests run side by side, and such few rows are no work for several threads.
  await warehouse.run("set threads = 1");
  try {
    for (const file of files) {
      for (const [i, { name, fhir }] of file.cases.entries()) {
        const ofCase = join(work, "cases", String(sources.length));
        await mkdir(ofCase, { recursive: true });
        await write(ofCase, [...(file.given ?? []), ...fhir], i);
        sources.push(sourceOf(file, name));
      }
    }
    const source = (path: string) => sources[Number(basename(dirname(path)))]!;
    const filled = await pipeline(fhirFiles(join(work, "cases"), { source }), mapToOmop(options)).run(warehouse);
    await createRunReport(warehouse, filled);
    return await traceRows(warehouse, filled.tables);
  } finally {
    await rm(work, { recursive: true });
  }
}

async function traceRows(warehouse: Warehouse, tables: Readonly<Record<string, number>>): Promise<Outcome> {
  const rows = new Map<string, readonly Traced[]>();
  const untraced: string[] = [];
  const trace = async (table: string, from: string) => {
    rows.set(
      table,
      await warehouse.rows<Traced>(
        `select distinct source, resource_id, part, target, "row" from ${from} order by ${orderOf[table] ?? "all"}`,
      ),
    );
  };
  for (const [table, count] of Object.entries(tables)) {
    if (ofTheMapping.includes(table)) continue;
    await trace(table, `cdm.${table} "row" join mapping.lineage on ${recordOf[table] ?? byId(table)}`);
    if (rows.get(table)!.length !== count) untraced.push(table);
  }
  await trace("lineage", 'mapping.lineage "row"');
  await trace("dropped", '(select *, 0 as target from mapping.dropped) "row"');
  return { rows, untraced };
}

const byPerson = "cdm_table = 'person' and cdm_id = \"row\".person_id";

/** Tables of several rows a record whose ids say nothing of their order. */
const orderOf: Readonly<Record<string, string>> = { observation_period: `"row".observation_period_start_date` };

/** Tables whose rows are not found in the lineage by a key of their own. */
const recordOf: Readonly<Record<string, string>> = {
  death: "cdm_table = 'death' and cdm_id = \"row\".person_id",
  ...Object.fromEntries(derived.map((table) => [table, byPerson])),
  location: `cdm_table = 'location' and cdm_id = "row".location_id and resource_id =
    (select min(resource_id) from mapping.lineage where cdm_table = 'location' and cdm_id = "row".location_id)`,
  fact_relationship: `cdm_id = "row".fact_id_1 and cdm_table =
    (select replace(key, 'domain:', '') from mapping.concept_map where key like 'domain:%' and concept_id = "row".domain_concept_id_1)`,
};

const byId = (table: string) => {
  const key = cdmTables.find((definition) => definition.table === table)!.columns.find(({ primaryKey }) => primaryKey)!;
  return `cdm_table = '${table}' and cdm_id = "row".${key.name}`;
};
