// The plain way: what a script without this library does for the same result. It parses each line with JSON.parse, maps the
// resource to rows in JavaScript, appends these to DuckDB in data chunks, and has DuckDB write Parquet.
//
// It does the whole job for what the generator of the sample data writes (R4, one NDJSON file a resource type): person,
// location, death, visit_occurrence, condition_occurrence, procedure_occurrence, drug_exposure, device_exposure,
// measurement, observation, observation_period, condition_era, drug_era and cdm_source, in all columns that such data fills; all
// codings of a code, 1→n maps, Maps to value, routing by domain; lineage, dropped records with their reasons, the codes with
// their concepts, a report. A test holds its rows against those of the library: they are equal but for their ids.
//
// It leaves out what costs the library time all the same: versions of a record (all lines are taken), elements of a wrong
// type, Bundles, references by urn or URL, other resource types and elements (performers, partOf, members of panels, ages,
// ranges, open stays …), codes in other spellings, units by the meaning of UCUM (it has a list), rules of the user, ids that
// are the same in each run (they count), and what a second run needs to do less than the first. Persons, visits and eras
// are kept in memory.

import { createReadStream } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { type DuckDBConnection, DuckDBDateValue, DuckDBInstance } from "@duckdb/node-api";
import type { FhirResource } from "fhir/r4.d.ts";
import { addConditionEras, addDrugEras, addObservationPeriods } from "./derived.ts";
import { createJob, type Job } from "./job.ts";
import { createPatientMapper } from "./patients.ts";
import { mapCondition, mapImmunization, mapMedicationRequest, mapObservation, mapProcedure } from "./records.ts";
import { createTables, tableNames } from "./tables.ts";
import { createVisitMapper } from "./visits.ts";
import { readVocabulary } from "./vocabulary.ts";

/** In this order each record finds what it names. */
const resourceTypes = [
  "Patient",
  "Encounter",
  "Medication",
  "Condition",
  "Observation",
  "Procedure",
  "MedicationRequest",
  "Immunization",
];

/** Maps the NDJSON files of a folder into the database `out/plain.duckdb`, and writes its tables to `out/*.parquet`. */
export async function mapPlainly(data: string, out: string, vocabularyFolder: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(out, "plain.duckdb"));
  const connection = await instance.connect();
  const vocabulary = await readVocabulary(connection, vocabularyFolder);
  const tables = await createTables(connection);
  const job = createJob(tables, vocabulary);
  const read = await mapRecords(job, data);
  addObservationPeriods(job);
  addConditionEras(job);
  addDrugEras(job);
  addSource(job);
  addCodes(job);
  tables.close();
  await writeParquet(connection, out);
  const dropped = Object.fromEntries(job.droppedCounts);
  const report = { read, dropped, rows: Object.fromEntries(tables.counts) };
  await writeFile(join(out, "report.json"), JSON.stringify(report, null, 2));
  connection.closeSync();
  instance.closeSync();
}

/** Gives how many lines of each type were read, and how many were no JSON. */
async function mapRecords(job: Job, data: string): Promise<Record<string, number>> {
  const files = await readdir(data);
  const patients = createPatientMapper(job);
  const visits = createVisitMapper(job);
  const read: Record<string, number> = { unreadable: 0 };
  for (const type of resourceTypes) {
    for (const file of files.filter((name) => name.startsWith(`${type}.ndjson`))) {
      for await (const lines of linesOf(join(data, file))) {
        for (const line of lines) {
          try {
            map(JSON.parse(line) as FhirResource);
            read[type] = (read[type] ?? 0) + 1;
          } catch (error) {
            if (!(error instanceof SyntaxError)) throw error;
            read.unreadable!++;
          }
        }
      }
    }
    if (type === "Encounter") visits.finish();
  }
  patients.finish();
  return read;

  function map(resource: FhirResource): void {
    switch (resource.resourceType) {
      case "Patient":
        patients.map(resource);
        break;
      case "Encounter":
        visits.map(resource);
        break;
      case "Medication":
        job.drugs.set(resource.id!, resource.code);
        break;
      case "Condition":
        mapCondition(job, resource);
        break;
      case "Observation":
        mapObservation(job, resource);
        break;
      case "Procedure":
        mapProcedure(job, resource);
        break;
      case "MedicationRequest":
        mapMedicationRequest(job, resource);
        break;
      case "Immunization":
        mapImmunization(job, resource);
    }
  }
}

/** The lines of a file, some hundreds at a time: a loop over single ones takes twice as long. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  const bytes = createReadStream(path, { highWaterMark: 1 << 20 });
  const text = (path.endsWith(".gz") ? bytes.pipe(createGunzip()) : bytes).setEncoding("utf8");
  let rest = "";
  for await (const chunk of text as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield lines;
  }
  if (rest !== "") yield [rest];
}

function addSource(job: Job): void {
  const today = new DuckDBDateValue(Math.floor(Date.now() / 86_400_000));
  const version = job.constant("cdm:version 5.4");
  const { version: vocabulary } = job.vocabulary;
  const source = ["default", "default", "not stated", "Mapped plainly", today, today, "5.4", version, vocabulary];
  job.tables.append("cdm_source", source);
}

function addCodes(job: Job): void {
  for (const { role, coding, vocabulary, sourceValue, sourceConcept, targets, value, records } of job.codes.all()) {
    for (const [target, { concept }] of targets.entries()) {
      job.tables.append("code_mapping", [
        role,
        coding?.system ?? null,
        coding?.code ?? null,
        sourceValue,
        vocabulary ?? null,
        sourceConcept,
        target,
        concept,
        value,
        records,
      ]);
    }
  }
}

async function writeParquet(connection: DuckDBConnection, out: string): Promise<void> {
  for (const table of tableNames) {
    await connection.run(`copy ${table} to '${join(out, table)}.parquet' (format parquet, compression zstd)`);
  }
}
