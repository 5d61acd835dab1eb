import { randomBytes } from "node:crypto";
import { openLanding } from "../ingest/landing-tables.ts";
import type { Filled, Mapped } from "../omop/map-to-omop.ts";
import type { Stage } from "../pipeline/stage.ts";
import { defineTables, type TableDefinitions } from "../warehouse/define-tables.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";
import { codeEvents } from "./event-codes.ts";
import { checkedOptions, type PatientHistoriesOptions } from "./history-options.ts";

/** What building histories gives to the next stage: `features.patient_history` is filled. */
export interface Histories extends Filled {
  readonly stage: "histories";
  /** The day after which nothing is in the histories, YYYY-MM-DD. */
  readonly asOf: string;
  /** Persons with a history. */
  readonly patients: number;
  /** Persons without one: `features.history_exclusion` says why. */
  readonly excluded: number;
  /** Events that are in no history, for no code system of the contract expresses their code. */
  readonly notExpressed: number;
  /** Histories that were built now; the others are as they were. */
  readonly built: number;
}

/** So many events are made lists of at once: lists do not spill to disk. */
const eventsInLists = 250_000;

/** So many events are brought into the order of persons at once; each time all events are looked through. */
const eventsInOrder = 5_000_000;

/**
 * So much is written before it is compressed. Each time that is done with all rows of a group, those that were written before too:
 * with DuckDB's own 16 MB each history was compressed four times.
 */
const bytesUncompressed = "256MB";

/**
 * DuckDB groups by a number of few values, such as the persons of a slice, with an array in place of a hash table, and one
 * thread alone takes the groups out of it: the lists were sorted and written as JSON by one of two cores. At 0 it never does.
 */
const bitsOfPerfectHash = 0;

/**
 * Builds one `patient_history` a person, as the PhenOM contract has it, in SQL: demographics, laboratory results (LOINC),
 * diagnoses, procedures and medications up to `asOf`. A code is the source's own where its code system can be named, else one
 * that the vocabulary holds valid for the standard concept; events without are left out and counted. Persons who are
 * dead by then, not born, without birth date or without any code have no history: `features.history_exclusion` lists them.
 * Only the histories of persons whose events have changed since are built anew; a run that was stopped has built some of them, and
 * the next builds the rest. Throws USAGE for an option that cannot be.
 *
 * Cost: about two thousand patients of 200 events a second on two cores; memory for a quarter of a million events at once.
 *
 * @example
 * await pipeline(mappedWarehouse(), patientHistories({ asOf: "2026-01-01" })).run(warehouse);
 * console.log(await warehouse.rows("select history from features.patient_history limit 1"));
 */
export function patientHistories(options: PatientHistoriesOptions = {}): Stage<Mapped, Histories, Warehouse> {
  return {
    name: "patientHistories",
    async execute(mapped, context) {
      const { target: warehouse, runId, signal, progress } = context;
      const { asOf, since, ...choices } = checkedOptions(options);
      const run = (file: string, parts: Readonly<Record<string, string>>) =>
        warehouse.run(sqlText(import.meta.url, `sql/${file}`, parts), undefined, { signal });
      const asOfDay = `date ${literal(asOf)}`;
      await openLanding(warehouse);
      await warehouse.transaction(async () => {
        await defineTables(warehouse, historyTables());
        await defineTables(warehouse, pseudonymTables());
      });
      const patientId = choices.patientId === "person_id" ? "person_id::varchar" : await pseudonym(warehouse);

      await codeEvents(context, { asOf: asOfDay, since: `date ${literal(since)}`, ...choices });
      const inSlices = async (events: number, file: string, more: Readonly<Record<string, string>> = {}) => {
        const slices = await warehouse.rows<{ first: number; last: number; persons: number }>(
          `select min(person_id) as first, max(person_id) as last, count(*) as persons
           from changed_person
           group by events_so_far // ${events} order by first`,
        );
        const total = slices.reduce((sum, { persons }) => sum + persons, 0);
        let done = 0;
        for (const { first, last, persons } of slices) {
          await run(file, { first: String(first), last: String(last), ...more });
          done += persons;
          progress({ done, total, unit: "patients" });
        }
        return total;
      };
      await warehouse.transaction(async () => {
        await run("persons.sql", { as_of: asOfDay, patient_id: patientId });
        await inSlices(eventsInOrder, "history-events.sql");
      });
      // Each slice is kept as it is done: what is not committed stays in memory.
      await warehouse.run(
        `set checkpoint_threshold = ${literal(bytesUncompressed)}; set perfect_ht_threshold = ${bitsOfPerfectHash}`,
      );
      const built = await inSlices(eventsInLists, "history.sql", { as_of: asOfDay, run_id: literal(runId) }).finally(
        () => warehouse.run("reset checkpoint_threshold; reset perfect_ht_threshold"),
      );
      const count = await warehouse.row<{ patients: number; excluded: number; notExpressed: number }>(
        `select
           count(*) as patients,
           (select count(*) from features.history_exclusion) as excluded,
           coalesce(sum(not_expressed), 0)::bigint as "notExpressed"
         from features.patient_history`,
      );
      await run("tidy-up.sql", {});
      return { ...mapped, stage: "histories", asOf, ...count!, built };
    },
  };
}

/** SQL for what a service knows a person by: the same in every run, and of no use without the key. */
async function pseudonym(warehouse: Warehouse): Promise<string> {
  await warehouse.run("insert into features.pseudonym_key select $1 where not exists (from features.pseudonym_key)", [
    randomBytes(32).toString("hex"),
  ]);
  return "left(sha256((select key from features.pseudonym_key) || ':' || person_id), 32)";
}

/** Histories are built again where their tables have become others. */
const historyTables = (): TableDefinitions => ({
  part: "features",
  sql: sqlText(import.meta.url, "features.sql"),
  rows: "made anew",
});

const pseudonymTables = (): TableDefinitions => ({
  part: "pseudonyms",
  sql: sqlText(import.meta.url, "pseudonyms.sql"),
  rows: "kept",
});
