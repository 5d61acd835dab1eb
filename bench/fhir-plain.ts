// The plain way, as a script without this library would do it: parse each line, map the resource to a row in JavaScript,
// append. It does less than the whole job: no quarantine, no lineage, no report, only the first coding, no 1→n maps.

import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { DuckDBInstance, type DuckDBValue } from "@duckdb/node-api";
import type { CodeableConcept, FhirResource, Observation, ObservationComponent, Reference } from "fhir/r4.d.ts";

type Append = (table: string, ...values: DuckDBValue[]) => void;

const tables: Readonly<Record<string, string>> = {
  person: "id varchar, gender varchar, birth varchar, race varchar, zip varchar",
  visit: "id varchar, person varchar, class varchar, start_at varchar, end_at varchar",
  event: "kind varchar, id varchar, person varchar, visit varchar, concept bigint, source varchar, start_at varchar",
  value: "id varchar, number double, unit varchar, concept bigint, low double, high double",
};

export async function mapPlainly(data: string, out: string, vocabulary: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(out, "plain.duckdb"));
  const connection = await instance.connect();
  const concepts = new Map<string, bigint>();
  const known = await connection.runAndReadAll(
    `select concept_code, concept_id from read_csv('${vocabulary}/CONCEPT.csv', delim = '\t', quote = '', header = true)`,
  );
  for (const [code, id] of known.getRows()) concepts.set(String(code), BigInt(String(id)));

  const appenders = new Map<string, Awaited<ReturnType<typeof connection.createAppender>>>();
  for (const [table, columns] of Object.entries(tables)) {
    await connection.run(`create table ${table} (${columns})`);
    appenders.set(table, await connection.createAppender(table));
  }
  const append: Append = (table, ...values) => {
    const appender = appenders.get(table)!;
    for (const value of values) appender.appendValue(value);
    appender.endRow();
  };

  for (const file of await readdir(data)) {
    const bytes = createReadStream(join(data, file));
    const lines = createInterface({ input: file.endsWith(".gz") ? bytes.pipe(createGunzip()) : bytes });
    for await (const line of lines) mapResource(JSON.parse(line) as FhirResource, concepts, append);
  }
  for (const appender of appenders.values()) appender.closeSync();
  for (const table of Object.keys(tables)) {
    await connection.run(`copy ${table} to '${join(out, table)}.parquet' (format parquet, compression zstd)`);
  }
  connection.closeSync();
  instance.closeSync();
}

function mapResource(resource: FhirResource, concepts: ReadonlyMap<string, bigint>, append: Append): void {
  const idIn = (reference: Reference | undefined) => reference?.reference?.split("/").at(-1) ?? null;
  const event = (
    kind: string,
    key: string | undefined,
    subject: Reference | undefined,
    visit: Reference | undefined,
    concept: CodeableConcept | undefined,
    at: string | undefined,
  ) => {
    const code = concept?.coding?.[0]?.code;
    append(
      "event",
      kind,
      key ?? null,
      idIn(subject),
      idIn(visit),
      concepts.get(code ?? "") ?? 0n,
      code ?? null,
      at ?? null,
    );
  };
  const value = (key: string, holder: Observation | ObservationComponent) => {
    const { valueQuantity: quantity, valueCodeableConcept: coded, referenceRange } = holder;
    const range = referenceRange?.[0];
    append(
      "value",
      key,
      quantity?.value ?? null,
      quantity?.code ?? null,
      concepts.get(coded?.coding?.[0]?.code ?? "") ?? 0n,
      range?.low?.value ?? null,
      range?.high?.value ?? null,
    );
  };

  switch (resource.resourceType) {
    case "Patient": {
      const race = resource.extension?.[0]?.extension?.[0]?.valueCoding?.code;
      const zip = resource.address?.[0]?.postalCode;
      append(
        "person",
        resource.id ?? null,
        resource.gender ?? null,
        resource.birthDate ?? null,
        race ?? null,
        zip ?? null,
      );
      break;
    }
    case "Encounter": {
      const { id, subject, class: kind, period } = resource;
      append("visit", id ?? null, idIn(subject), kind.code ?? null, period?.start ?? null, period?.end ?? null);
      break;
    }
    case "Condition": {
      const { id, subject, encounter, code, onsetDateTime } = resource;
      event("condition", id, subject, encounter, code, onsetDateTime);
      break;
    }
    case "Procedure": {
      const { id, subject, encounter, code, performedDateTime, performedPeriod } = resource;
      event("procedure", id, subject, encounter, code, performedDateTime ?? performedPeriod?.start);
      break;
    }
    case "MedicationRequest": {
      const { id, subject, encounter, medicationCodeableConcept, authoredOn } = resource;
      event("drug", id, subject, encounter, medicationCodeableConcept, authoredOn);
      break;
    }
    case "Immunization": {
      const { id, patient, encounter, vaccineCode, occurrenceDateTime } = resource;
      event("vaccine", id, patient, encounter, vaccineCode, occurrenceDateTime);
      break;
    }
    case "Observation": {
      const { id, subject, encounter, effectiveDateTime, component } = resource;
      for (const [position, part] of [resource, ...(component ?? [])].entries()) {
        event("observation", `${id}-${position}`, subject, encounter, part.code, effectiveDateTime);
        value(`${id}-${position}`, part);
      }
    }
  }
}
