import { patientHistories } from "../features/patient-histories.ts";
import { mappedWarehouse } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import { type PhenomScorerOptions, phenom } from "../scoring/phenom.ts";
import { scoreWith } from "../scoring/score-with.ts";
import { type HistoryFlags, historyOptions, sayWhatIsLeftOut } from "./history-options.ts";
import { mustExist, runPipeline } from "./run-pipeline.ts";

export interface ScoreOptions extends HistoryFlags {
  readonly warehouse: string;
  readonly baseUrl: string;
  readonly outcome: readonly string[];
  readonly mode: NonNullable<PhenomScorerOptions["mode"]>;
  readonly concurrency: number;
  readonly again: boolean;
  readonly repeatStart: boolean;
  readonly tokenEnv: string;
}

/** `omopipe score`. */
export async function score(service: string, options: ScoreOptions): Promise<void> {
  if (service !== "phenom")
    throw new OmopipeError("USAGE", `There is no service ${service} to score with; there is phenom.`);
  const token = process.env[options.tokenEnv];
  if (!token) throw new OmopipeError("USAGE", `Put the token into the environment variable ${options.tokenEnv}.`);
  await mustExist(options.warehouse);
  const { baseUrl, outcome: outcomes, mode, concurrency, again, repeatStart, memoryLimit } = options;
  const scoring = pipeline(
    mappedWarehouse(),
    patientHistories(historyOptions(options)),
    scoreWith(phenom({ baseUrl, token, outcomes, mode, concurrency, again, repeatStart })),
  );
  await runPipeline(
    options.warehouse,
    { memoryLimit },
    scoring,
    async ({ patients, scored, unchanged, refused, excluded, failed, notExpressed }) => {
      process.stdout.write(`${scored} of ${patients} patients were scored by this run (results.risk_score)\n`);
      if (unchanged > 0) process.stdout.write(`${unchanged} had their answer before, and have not changed since\n`);
      if (refused + excluded > 0) {
        process.stdout.write(`${refused + excluded} are not to be scored (results.scoring_exclusion says why)\n`);
      }
      sayWhatIsLeftOut({ notExpressed });
      if (failed > 0) process.stdout.write(`${failed} could not be scored (results.scoring_error says why)\n`);
    },
  );
}
