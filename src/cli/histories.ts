import { patientHistories } from "../features/patient-histories.ts";
import { writeHistories } from "../features/write-histories.ts";
import { mappedWarehouse } from "../omop/map-to-omop.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import { mustBeLocal } from "../warehouse/places.ts";
import { type HistoryFlags, historyOptions, sayWhatIsLeftOut } from "./history-options.ts";
import { mustExist, runPipeline } from "./run-pipeline.ts";

/** `omopipe histories`. */
export async function histories(
  options: HistoryFlags & { readonly warehouse: string; readonly out: string },
): Promise<void> {
  const { warehouse: file, out, memoryLimit } = options;
  mustBeLocal("Histories are written", out);
  await mustExist(file);
  const build = pipeline(mappedWarehouse(), patientHistories(historyOptions(options)));
  await runPipeline(file, { memoryLimit }, build, async (built, warehouse) => {
    await writeHistories(warehouse, out);
    process.stdout.write(`${built.patients} histories as of ${built.asOf} are in ${out}\n`);
    sayWhatIsLeftOut(built);
  });
}
