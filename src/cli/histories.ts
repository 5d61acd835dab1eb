import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { patientHistories } from "../features/patient-histories.ts";
import { mappedWarehouse } from "../omop/map-to-omop.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import { literal } from "../warehouse/sql-text.ts";
import { type HistoryFlags, historyOptions } from "./history-options.ts";
import { mustExist, runPipeline } from "./run-pipeline.ts";

/** `omopipe histories`. */
export async function histories(
  options: HistoryFlags & { readonly warehouse: string; readonly out: string },
): Promise<void> {
  mustBeLocal("Histories are written", options.out);
  await mustExist(options.warehouse);
  const build = pipeline(mappedWarehouse(), patientHistories(historyOptions(options)));
  await runPipeline(options.warehouse, {}, build, async ({ patients, asOf }, warehouse) => {
    await mkdir(dirname(options.out), { recursive: true });
    const temporary = `${options.out}.tmp`;
    await warehouse.run(
      `copy (select unnest(history::struct(patient json, lab_results json, diagnoses json, procedures json, medications json))
         from features.patient_history order by person_id) to ${literal(temporary)} (format json)`,
    );
    await rename(temporary, options.out);
    process.stdout.write(`${patients} histories as of ${asOf} are in ${options.out}\n`);
  });
}
