import type { JobResult } from "../../../schemas/phenom.ts";
import { tenYearMortality } from "../charlson/charlson-index.ts";

/** A score without its patient and outcome; the members are named as in the results of the contract. */
export type Standing = Pick<
  JobResult,
  | "probability"
  | "prob_lower_95_percent_bound"
  | "prob_upper_95_percent_bound"
  | "relative_probability"
  | "rel_lower_95_percent_bound"
  | "rel_upper_95_percent_bound"
  | "bin_id"
  | "num_bins"
>;

/**
 * The population that every patient is set against: how many of the first 10,000 patients of the sample-data generator
 * (seed 1) have the age-adjusted index 0, 1, 2 …; 468 of them have no history and are left out. It is synthetic and never changes, so that the same history always gets
 * the same answer. See `docs/engines.md`.
 */
export const referencePatientsByIndex: readonly number[] = [
  2570, 977, 863, 1039, 1095, 957, 784, 553, 324, 188, 92, 49, 21, 12, 3, 4, 1,
];

const referencePatients = referencePatientsByIndex.reduce((sum, patients) => sum + patients, 0);
const meanProbability =
  referencePatientsByIndex.reduce((sum, patients, index) => sum + patients * tenYearMortality(index), 0) /
  referencePatients;

const bins = 10;

/**
 * Where a patient with this index stands in the reference population.
 *
 * - Relative: the probability divided by the mean probability of the population.
 * - Bins: tenths of the population; 1 + ⌊10 · share of the population with a lower index⌋, 10 at most.
 * - Bounds: the Wilson score interval (95 %) of the probability for a sample as large as the number of reference patients
 *   with the same index, at least one. See `docs/engines.md` for what that does and does not mean.
 *
 * @example
 * standingOf(4).bin_id; // 6
 */
export function standingOf(index: number): Standing {
  const lower = referencePatientsByIndex.slice(0, index).reduce((sum, patients) => sum + patients, 0);
  const probability = tenYearMortality(index);
  const [from, to] = wilsonInterval(probability, referencePatientsByIndex[index] ?? 1);
  return {
    probability,
    prob_lower_95_percent_bound: from,
    prob_upper_95_percent_bound: to,
    relative_probability: probability / meanProbability,
    rel_lower_95_percent_bound: from / meanProbability,
    rel_upper_95_percent_bound: to / meanProbability,
    bin_id: Math.min(bins, 1 + Math.floor((bins * lower) / referencePatients)),
    num_bins: bins,
  };
}

/** The 97.5 % point of the standard normal distribution. */
const normalQuantile = 1.959963984540054;

/**
 * The 95 % Wilson score interval of a proportion seen in a sample. Source: Wilson 1927
 * (doi:10.1080/01621459.1927.10502953). Rounding never pushes it past the proportion or out of 0 to 1.
 *
 * @example
 * wilsonInterval(0.5, 100); // [0.404, 0.596]
 */
export function wilsonInterval(proportion: number, sample: number): readonly [lower: number, upper: number] {
  const square = normalQuantile ** 2 / sample;
  const center = (proportion + square / 2) / (1 + square);
  const half = Math.sqrt(proportion * (1 - proportion) * square + square ** 2 / 4) / (1 + square);
  return [Math.max(0, Math.min(proportion, center - half)), Math.min(1, Math.max(proportion, center + half))];
}
