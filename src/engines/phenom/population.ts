import { tenYearMortality } from "../charlson/charlson-index.ts";

/** Where a patient stands in the population scored so far; the members are named as in the results of the contract. */
export interface Standing {
  readonly probability: number;
  readonly prob_lower_95_percent_bound: number;
  readonly prob_upper_95_percent_bound: number;
  readonly relative_probability: number;
  readonly rel_lower_95_percent_bound: number;
  readonly rel_upper_95_percent_bound: number;
  readonly bin_id: number;
  readonly num_bins: number;
}

/** The record of everyone scored so far. */
export interface Population {
  /** Takes a patient with this age-adjusted Charlson index in. */
  add(index: number): void;
  /** Where a patient with this index, already taken in, stands at this moment. */
  standingOf(index: number): Standing;
}

const bins = 10;

/**
 * An empty population. It keeps one count for each value of the index, and nothing else: its size does not grow with
 * the number of patients, and no patient can be told from it.
 *
 * - Relative: the probability divided by the mean probability of the population.
 * - Bins: tenths of the population; 1 + ⌊10 · share of the population with a lower index⌋.
 * - Bounds: the Wilson score interval (95 %) of the probability for a sample as large as the number of patients scored
 *   with the same index. See `docs/engines.md` for what that does and does not mean.
 */
export function createPopulation(): Population {
  const patientsByIndex: number[] = [];
  return {
    add(index) {
      patientsByIndex[index] = (patientsByIndex[index] ?? 0) + 1;
    },
    standingOf(index) {
      let patients = 0;
      let lower = 0;
      let expectedDeaths = 0;
      patientsByIndex.forEach((count, other) => {
        patients += count;
        if (other < index) lower += count;
        expectedDeaths += count * tenYearMortality(other);
      });
      const mean = expectedDeaths / patients;
      const probability = tenYearMortality(index);
      const [from, to] = wilsonInterval(probability, patientsByIndex[index] ?? 1);
      return {
        probability,
        prob_lower_95_percent_bound: from,
        prob_upper_95_percent_bound: to,
        relative_probability: probability / mean,
        rel_lower_95_percent_bound: from / mean,
        rel_upper_95_percent_bound: to / mean,
        bin_id: 1 + Math.floor((bins * lower) / patients),
        num_bins: bins,
      };
    },
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
