import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Filled, Mapped } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Stage } from "../pipeline/stage.ts";
import { defineTables, type TableDefinitions } from "../warehouse/define-tables.ts";
import { literal, sqlText } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** What building histories gives to the next stage: `features.patient_history` is filled. */
export interface Histories extends Filled {
  readonly stage: "histories";
  /** The day after which nothing is in the histories, YYYY-MM-DD. */
  readonly asOf: string;
  readonly patients: number;
}

/** Up to when histories go. */
export interface PatientHistoriesOptions {
  /** The last day that counts, YYYY-MM-DD. Default: today. */
  readonly asOf?: string | undefined;
}

/**
 * Builds one `patient_history` a person, as the PhenOM contract has it, in SQL: demographics, laboratory results (LOINC),
 * diagnoses, procedures and medications up to `asOf`. Events whose code no code system of the contract can express are
 * left out and counted. Throws USAGE for an `asOf` that is no date.
 *
 * @example
 * await pipeline(mappedWarehouse(), patientHistories({ asOf: "2026-01-01" })).run(warehouse);
 * console.log(await warehouse.rows("select history from features.patient_history limit 1"));
 */
export function patientHistories(options: PatientHistoriesOptions = {}): Stage<Mapped, Histories, Warehouse> {
  return {
    name: "patientHistories",
    async execute(mapped, { target: warehouse, runId, signal }) {
      const asOf = options.asOf ?? new Date().toISOString().slice(0, 10);
      if (!z.iso.date().safeParse(asOf).success) {
        throw new OmopipeError("USAGE", `asOf must be a date such as 2026-01-31; "${asOf}" is none.`);
      }
      const build = sqlText(import.meta.url, "sql/patient-history.sql", {
        as_of: `date ${literal(asOf)}`,
        code_types: literal(fileURLToPath(new URL("../../schemas/code-types.csv", import.meta.url))),
        run_id: literal(runId),
      });
      await warehouse.transaction(() => defineTables(warehouse, featureTables()));
      await warehouse.transaction(() => warehouse.run(build, undefined, { signal }));
      const count = await warehouse.row<{ patients: number }>(
        "select count(*) as patients from features.patient_history",
      );
      return { ...mapped, stage: "histories", asOf, patients: count!.patients };
    },
  };
}

const featureTables = (): TableDefinitions => ({
  part: "features",
  sql: sqlText(import.meta.url, "features.sql"),
  rows: "kept",
});
