import { patientHistories } from "../features/patient-histories.ts";
import { mappedWarehouse } from "../omop/map-to-omop.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import { pipeline } from "../pipeline/pipeline.ts";
import { phenom } from "../scoring/phenom.ts";
import { scoreWith } from "../scoring/score-with.ts";
import { mustExist, runPipeline } from "./run-pipeline.ts";

export interface ScoreOptions {
  readonly warehouse: string;
  readonly baseUrl: string;
  readonly outcome: readonly string[];
  readonly mode: string;
  readonly asOf?: string;
  readonly concurrency: number;
  readonly tokenEnv: string;
}

/** `omopipe score`. */
export async function score(service: string, options: ScoreOptions): Promise<void> {
  if (service !== "phenom")
    throw new OmopipeError("USAGE", `There is no service ${service} to score with; there is phenom.`);
  if (options.mode !== "realtime")
    throw new OmopipeError("USAGE", `There is no mode ${options.mode}; there is realtime.`);
  const token = process.env[options.tokenEnv];
  if (!token) throw new OmopipeError("USAGE", `Put the token into the environment variable ${options.tokenEnv}.`);
  await mustExist(options.warehouse);
  const { baseUrl, outcome: outcomes, concurrency } = options;
  const scoring = pipeline(
    mappedWarehouse(),
    patientHistories({ asOf: options.asOf }),
    scoreWith(phenom({ baseUrl, token, outcomes, concurrency })),
  );
  await runPipeline(options.warehouse, {}, scoring, async ({ patients, scored, failed }) => {
    process.stdout.write(`${scored} of ${patients} patients are scored (results.risk_score)\n`);
    if (failed > 0) process.stdout.write(`${failed} could not be scored (results.scoring_error says why)\n`);
  });
}
