import { adaptiveConcurrency, adaptiveGate } from "../clients/http/adaptive-concurrency.ts";
import { createPhenomClient, type PhenomClient, type PhenomClientOptions } from "../clients/phenom/client.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import { exclusionsOf, listed, phenomBatches } from "./phenom-batches.ts";
import type { Exclusion, Scorer } from "./scorer.ts";

/** Which service scores which outcomes, and how. */
export interface PhenomScorerOptions extends PhenomClientOptions {
  /** The outcomes to score, by id; at least one. */
  readonly outcomes: readonly string[];
  /**
   * One call a patient ("realtime"), files of all patients ("batch"), or files where more than 1,000 patients are due and the
   * service takes files ("auto"). Default "auto".
   */
  readonly mode?: "realtime" | "batch" | "auto" | undefined;
  /** How many patients are in flight at most, 1 or more; fewer while the service refuses calls as too many. Default 8. */
  readonly concurrency?: number | undefined;
  /** Score everybody again, also those whose history has not changed since. Default false. */
  readonly again?: boolean | undefined;
  /**
   * Start a batch again where nobody knows whether it was started: for services that answer with the same job then, others
   * may score and bill twice. Default false: the run fails with CALL_UNCERTAIN.
   */
  readonly repeatStart?: boolean | undefined;
}

/** Up to so many patients are faster scored one by one than by opening, filling and starting a batch. */
const patientsOneByOne = 1000;

/**
 * Scores through the PhenOM Inference API, in single calls or by batches. Each call has a random idempotency key that stays the
 * same when it is made again, so that no patient is scored twice.
 *
 * @example
 * scoreWith(phenom({ baseUrl: "https://phenom.example.org", token: process.env.PHENOM_TOKEN, outcomes: ["…"] }))
 */
export function phenom(options: PhenomScorerOptions): Scorer {
  const { outcomes, mode = "auto", concurrency: maximum = 8, again, repeatStart, ...clientOptions } = options;
  if (outcomes.length === 0) {
    throw new OmopipeError("USAGE", "phenom needs at least one outcome id, for example local_charlson_10y_mortality.");
  }
  if (!["realtime", "batch", "auto"].includes(mode)) {
    throw new OmopipeError("USAGE", `There is no mode ${mode}; there are realtime, batch and auto.`);
  }
  if (!Number.isInteger(maximum) || maximum < 1) {
    throw new OmopipeError("USAGE", `concurrency must be a whole number from 1 on; ${maximum} is none.`);
  }
  const concurrency = adaptiveConcurrency(maximum);
  const client = createPhenomClient({ ...clientOptions, gate: adaptiveGate(concurrency, [429]) });
  const modelSource = `phenom ${new URL(clientOptions.baseUrl).host}`;
  const above = { realtime: Number.POSITIVE_INFINITY, batch: 0, auto: patientsOneByOne }[mode];

  return {
    name: "phenom",
    modelSource,
    outcomes,
    again,
    get concurrency() {
      return concurrency.limit;
    },
    async score(patient, { signal }) {
      const { patientId, historyJson, asBuilt, outcomes: outcomeIds, idempotencyKey } = patient;
      // What was changed by hand is looked through before it is sent.
      const history = asBuilt ? { patientId, json: historyJson } : patient.history;
      const { job, results } = await client.scorePatient({ history, outcomeIds, idempotencyKey }, { signal });
      const exclusions = results.length < outcomeIds.length ? await allExclusions(client, job.job_id, signal) : [];
      if (!job.model_source) return { scores: results, exclusions };
      const model_source = `${modelSource}, ${job.model_source}`;
      return { scores: results.map((result) => ({ ...result, model_source })), exclusions };
    },
    batches: phenomBatches(client, { modelSource, above, orSingly: mode === "auto", repeatStart }),
  };
}

async function allExclusions(client: PhenomClient, jobId: string, signal: AbortSignal): Promise<Exclusion[]> {
  const exclusions: Exclusion[] = [];
  for await (const some of listed(client.listJobExclusions(jobId, { signal }), exclusionsOf)) exclusions.push(...some);
  return exclusions;
}
