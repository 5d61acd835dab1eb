// The main job on the sample data: FHIR and CSV in, OMOP and risk scores out.
//
//   omopipe run pipelines/quickstart.ts [-- OUTPUT_FOLDER]

import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import {
  arrow,
  csvFiles,
  fhirFiles,
  mapToOmop,
  openWarehouse,
  parquet,
  patientHistories,
  phenom,
  pipeline,
  runReport,
  scoreWith,
  servePhenom,
} from "omopipe";

const sample = (path: string) => fileURLToPath(new URL(`../sample-data/${path}`, import.meta.url));
const out = process.argv[2] ?? "out";
const vocabulary = sample("vocabulary");

await rm(`${out}/quickstart.duckdb`, { force: true });
await mkdir(out, { recursive: true });
await using warehouse = await openWarehouse(`${out}/quickstart.duckdb`, { vocabulary });

// A stand-in for a scoring service, over real HTTP: a published index, not a trained model.
const token = randomUUID();
await using engine = await servePhenom({ token });

const { tables, scored, patients } = await pipeline(
  fhirFiles(sample("fhir/bundles")),
  mapToOmop({ sourceName: "omopipe sample data" }),
  patientHistories({ asOf: "2026-01-01" }),
  scoreWith(phenom({ baseUrl: engine.url, token, outcomes: ["local_charlson_10y_mortality"] })),
  parquet(out),
  arrow(out, { tables: ["person", "risk_score"] }),
  runReport(out),
).run(warehouse);

// The same patients through the other door.
await using second = await openWarehouse(":memory:", { vocabulary });
const fromCsv = await pipeline(csvFiles(sample("csv"), { mapping: "synthea" }), mapToOmop()).run(second);

console.log("Rows by table, of the same 25 patients as FHIR Bundles and as CSV:");
console.table(
  Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [table, { FHIR: rows, CSV: fromCsv.tables[table] ?? 0 }]),
  ),
);

console.log(
  "FHIR names each race of a person of several, which become observations; Synthea's CSV has room for one.\n",
);

console.log("Codes without a standard concept, by the records they affect:");
console.table(
  await warehouse.rows(
    `select role, system, source_value as code, records from mapping.code_mapping
     where status = 'UNMAPPED' and records > 0 order by records desc, code limit 10`,
  ),
);

console.log(`${scored} of ${patients} patients scored. The five highest risks of dying within ten years:`);
console.table(
  await warehouse.rows(
    `select
       person_id,
       2026 - year_of_birth as age,
       round(probability, 3) as probability,
       (select count(*) from cdm.condition_occurrence c where c.person_id = person.person_id) as conditions
     from results.risk_score join cdm.person using (person_id)
     order by risk_score.probability desc, person_id limit 5`,
  ),
);

console.log(`The warehouse is ${out}/quickstart.duckdb; beside it are one .parquet file a table, person.arrow,`);
console.log("risk_score.arrow and report.json, which accounts for every record. Look further with, for example:");
console.log(`  npx omopipe query --warehouse ${out}/quickstart.duckdb "select * from results.risk_score limit 5"`);
