import { batchFiles } from "../features/batch-files.ts";
import { patientHistories } from "../features/patient-histories.ts";
import { mappedWarehouse } from "../omop/map-to-omop.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import { type HistoryFlags, historyOptions, sayWhatIsLeftOut } from "./history-options.ts";
import { mustExist, runPipeline } from "./run-pipeline.ts";

interface BatchFilesFlags extends HistoryFlags {
  readonly warehouse: string;
  readonly out: string;
  readonly gzip: boolean;
  readonly fileSizeMb: number;
}

/** `omopipe batch-files`. */
export async function batchFilesCommand({
  warehouse,
  out,
  gzip,
  fileSizeMb,
  ...flags
}: BatchFilesFlags): Promise<void> {
  await mustExist(warehouse);
  const writing = pipeline(
    mappedWarehouse(),
    patientHistories(historyOptions(flags)),
    batchFiles(out, { gzip, fileSizeBytes: fileSizeMb * 1024 ** 2 }),
  );
  await runPipeline(warehouse, { memoryLimit: flags.memoryLimit }, writing, async (built) => {
    process.stdout.write(`The files of a batch with ${built.patients} patients as of ${built.asOf} are in ${out}\n`);
    sayWhatIsLeftOut(built);
  });
}
