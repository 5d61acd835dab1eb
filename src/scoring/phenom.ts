import { createPhenomClient, type PhenomClientOptions } from "../clients/phenom/client.ts";
import { OmopipeError } from "../pipeline/errors.ts";
import type { Scorer } from "./scorer.ts";

/** Which service scores which outcomes. */
export interface PhenomScorerOptions extends PhenomClientOptions {
  /** The outcomes to score, by id; at least one. */
  readonly outcomes: readonly string[];
  /** How many patients are in flight at once. Default 8. */
  readonly concurrency?: number | undefined;
}

/**
 * Scores through the PhenOM Inference API in real time: one job a patient. Each job has a random idempotency key that is
 * kept over retries, so that no patient is scored twice by one call.
 *
 * @example
 * scoreWith(phenom({ baseUrl: "https://phenom.example.org", token: process.env.PHENOM_TOKEN, outcomes: ["…"] }))
 */
export function phenom({ outcomes, concurrency, ...clientOptions }: PhenomScorerOptions): Scorer {
  if (outcomes.length === 0) {
    throw new OmopipeError("USAGE", "phenom needs at least one outcome id, for example local_charlson_10y_mortality.");
  }
  const client = createPhenomClient(clientOptions);
  const modelSource = `phenom ${new URL(clientOptions.baseUrl).host}`;
  return {
    name: "phenom",
    modelSource,
    concurrency: concurrency ?? 8,
    async score({ history }, { signal }) {
      const { job, results } = await client.scorePatient({ history, outcomeIds: [...outcomes] }, { signal });
      if (!job.model_source) return results;
      return results.map((result) => ({ ...result, model_source: `${modelSource}, ${job.model_source}` }));
    },
  };
}
