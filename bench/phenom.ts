// Histories, batch files and scoring at scale: a CDM of made-up patients is written by SQL, and the embedded engine answers
// from a process of its own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  batchFiles,
  fhirFiles,
  mappedWarehouse,
  mapToOmop,
  openWarehouse,
  patientHistories,
  phenom,
  pipeline,
  scoreWith,
  type Warehouse,
} from "omopipe";

const outcomes = ["local_charlson_10y_mortality"];
const asOf = "2026-01-01";
/** Of DuckDB, as the command line has it, and what the lists need for themselves alone. */
const memoryLimit = "400MB";
const memoryOfBare = "600MB";

/** Options: --patients N (default 100,000), --events N (200), --rows N (diagnoses of the batch files, 10,000,000), --realtime N (100,000). */
export async function run(options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      patients: { type: "string", default: "100000" },
      events: { type: "string", default: "200" },
      rows: { type: "string", default: "10000000" },
      realtime: { type: "string", default: "100000" },
    },
  });
  const patients = Number(values.patients);
  const events = Number(values.events);
  const rows = Number(values.rows);
  const singly = Number(values.realtime);
  const work = await mkdtemp(join(tmpdir(), "omopipe-bench-"));
  try {
    const [cpu] = cpus();
    console.log(
      `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpu?.model}, load ${loadavg()[0]?.toFixed(1)}`,
    );
    // One warehouse after the other: what one holds in memory is not to be counted with the next.
    await historiesAndBatch(join(work, "histories.duckdb"), patients, events);
    await filesOfBatch(work, rows);
    await oneByOne(join(work, "singly.duckdb"), singly, events);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function historiesAndBatch(path: string, patients: number, events: number): Promise<void> {
  const printed: Record<string, object> = {};
  await make(path, patients, events);
  {
    await using bare = await openWarehouse(path, { memoryLimit: memoryOfBare });
    printed["list and to_json alone"] = told(await measured(() => bareHistories(bare)), patients);
  }
  await using warehouse = await openWarehouse(path, { memoryLimit });
  printed["histories built"] = told(await measured(() => histories(warehouse)), patients);
  printed["histories, nothing changed"] = told(await measured(() => histories(warehouse)), patients);
  {
    await using engine = await serve();
    const scorer = phenom({ ...engine, outcomes, mode: "batch" });
    printed["scored by batch"] = told(await measured(() => score(warehouse, scorer)), patients);
  }
  console.table(printed);
}

async function filesOfBatch(work: string, rows: number): Promise<void> {
  const path = join(work, "files.duckdb");
  await make(path, Math.ceil(rows / 100), 100, true);
  await using many = await openWarehouse(path, { memoryLimit });
  await histories(many);
  await many.run(
    `create table features.bare as
     select person_id, day, code, code_type
     from features.history_event
     join features.history_code using (code_id)
     where kind = 'diagnoses';
     checkpoint`,
  );
  const copy = `copy features.bare to '${join(work, "bare.csv")}' (format csv, header)`;
  const bareCopy = await measured(() => many.run(copy));
  await many.run("drop table features.bare");
  let writing = 0;
  await pipeline(mappedWarehouse(), patientHistories({ asOf }), batchFiles(join(work, "batch"))).run(many, {
    onProgress({ stage, state, elapsedMilliseconds }) {
      if (stage === "batchFiles" && state === "done") writing = elapsedMilliseconds / 1000;
    },
  });
  console.table({
    [`${rows} diagnoses copied out bare`]: { seconds: bareCopy.seconds.toFixed(2) },
    "batch files, with those of the patients": { seconds: writing.toFixed(2) },
  });
}

async function oneByOne(path: string, patients: number, events: number): Promise<void> {
  await make(path, patients, events);
  await using few = await openWarehouse(path, { memoryLimit });
  await histories(few);
  await using engine = await serve();
  const scorer = phenom({ ...engine, outcomes, mode: "realtime", concurrency: 64, poll: { firstMilliseconds: 20 } });
  const { seconds, cpuSeconds, megabytes } = await measured(() => score(few, scorer));
  console.table({
    "scored one by one, 64 in flight": {
      "patients/s": Math.round(patients / seconds),
      "own CPU, ms a patient": ((1000 * cpuSeconds) / patients).toFixed(2),
      "memory, MB": megabytes,
    },
  });
}

const histories = (warehouse: Warehouse) => pipeline(mappedWarehouse(), patientHistories({ asOf })).run(warehouse);

const score = (warehouse: Warehouse, scorer: ReturnType<typeof phenom>) =>
  pipeline(mappedWarehouse(), patientHistories({ asOf }), scoreWith(scorer)).run(warehouse);

/** Makes a warehouse with so many patients of so many events: diagnoses alone, or half of them laboratory results. */
async function make(path: string, patients: number, events: number, diagnosesOnly = false): Promise<void> {
  await using warehouse = await openWarehouse(path);
  // The tables of a mapping; the one patient of it is replaced.
  await mkdir(`${path}.input`);
  await writeFile(`${path}.input/patient.json`, '{"resourceType": "Patient", "id": "1", "birthDate": "1950"}');
  await pipeline(fhirFiles(`${path}.input`), mapToOmop({ noVocabulary: true })).run(warehouse);
  const diagnoses = diagnosesOnly ? events : Math.ceil(events / 2);
  const day = "date '2010-01-01' + (hash(range) % 5000)::integer";
  await warehouse.run(
    `insert into vocab.concept by name
     select range as concept_id, 'a concept' as concept_name, 'any' as domain_id, 'any' as concept_class_id,
       case when range <= 500 then 'ICD10CM' else 'LOINC' end as vocabulary_id,
       case when range <= 500 then format('I{:02d}.{:d}', range % 100, range % 10) else format('{:d}-1', range) end
         as concept_code,
       date '1970-01-01' as valid_start_date, date '2099-12-31' as valid_end_date
     from range(1, 1001);
     delete from cdm.person;
     insert into cdm.person by name
     select range as person_id, 8507 + 25 * (range % 2) as gender_concept_id, 1930 + range % 70 as year_of_birth,
       1 + range % 12 as month_of_birth, 1 + range % 28 as day_of_birth, 0 as race_concept_id, 0 as ethnicity_concept_id
     from range(1, ${patients + 1});
     insert into cdm.condition_occurrence by name
     select range as condition_occurrence_id, 1 + range % ${patients} as person_id, 0 as condition_concept_id,
       ${day} as condition_start_date, 0 as condition_type_concept_id, 1 + hash(range) % 500 as condition_source_concept_id
     from range(${patients * diagnoses});
     insert into cdm.measurement by name
     select range as measurement_id, 1 + range % ${patients} as person_id, 501 + hash(range) % 500 as measurement_concept_id,
       ${day} as measurement_date, 0 as measurement_type_concept_id, 100.0 as range_high, hash(range) % 200 as value_as_number
     from range(${patients * (events - diagnoses)});`,
  );
}

/** What DuckDB takes for the lists and their JSON alone, in slices that fit its memory. */
async function bareHistories(warehouse: Warehouse): Promise<void> {
  await warehouse.run("create or replace table features.bare (person_id bigint, history json using compression zstd)");
  const { patients } = (await warehouse.row<{ patients: number }>("select count(*) as patients from cdm.person"))!;
  for (let first = 1; first <= patients; first += 5000) {
    await warehouse.run(
      `insert into features.bare
       select person_id, to_json({'diagnoses': list(event order by event) filter (not lab), 'labs': list(event order by event) filter (lab)})
       from (
         select person_id, false as lab, {'day': condition_start_date, 'code': condition_source_concept_id::varchar, 'system': 'ICD10'} as event
         from cdm.condition_occurrence where person_id between ${first} and ${first + 4999}
         union all
         select person_id, true, {'day': measurement_date, 'code': measurement_concept_id::varchar, 'system': 'LOINC'}
         from cdm.measurement where person_id between ${first} and ${first + 4999}
       ) group by person_id`,
    );
  }
  await warehouse.run("drop table features.bare");
}

/** The embedded engine in a process of its own. */
async function serve() {
  const token = "bench";
  const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", main, "serve", "--port", "0"], {
    env: { ...process.env, PHENOM_TOKEN: token },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(child.stdout, "data");
  const baseUrl = String(said).match(/http:\S+/)![0];
  return {
    baseUrl,
    token,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "close");
    },
  };
}

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The most that this process held, looked at ten times a second. */
  readonly megabytes: number;
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
  let bytes = 0;
  const look = () => {
    bytes = Math.max(bytes, process.memoryUsage.rss());
  };
  const timer = setInterval(look, 100);
  const start = performance.now();
  const cpu = process.cpuUsage();
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  look();
  const { user, system } = process.cpuUsage(cpu);
  return {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    megabytes: Math.round(bytes / 1024 ** 2),
  };
}

function told({ seconds, cpuSeconds, megabytes }: Measured, patients: number): object {
  return {
    seconds: seconds.toFixed(1),
    "patients/s": Math.round(patients / seconds),
    "CPU, s": cpuSeconds.toFixed(1),
    "memory, MB": megabytes,
  };
}
