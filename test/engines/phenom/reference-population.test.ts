import { describe, expect, it } from "vitest";
import { charlsonIndex, tenYearMortality } from "../../../src/engines/charlson/charlson-index.ts";
import {
  referencePatientsByIndex,
  standingOf,
  wilsonInterval,
} from "../../../src/engines/phenom/reference-population.ts";
import { sampleHistory } from "../../support/sample-histories.ts";

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const reference = sum(referencePatientsByIndex);
const indexes = Array.from({ length: 38 }, (_, index) => index);

describe("the reference population", () => {
  it("is what the sample-data generator makes, but for what it has changed since it was counted", () => {
    const patients = 2000;
    const counts: number[] = [];
    for (let number = 1; number <= patients; number++) {
      const index = charlsonIndex(sampleHistory(1, number));
      if (typeof index === "number") counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(reference).toBe(9532);
    const scored = sum(counts);
    const differences = indexes.map((index) =>
      Math.abs((counts[index] ?? 0) / scored - (referencePatientsByIndex[index] ?? 0) / reference),
    );
    expect(sum(differences) / 2).toBeLessThan(0.05);
  });

  it("is as likely to die as itself", () => {
    const relative = indexes.map(
      (index) => standingOf(index).relative_probability * (referencePatientsByIndex[index] ?? 0),
    );
    expect(sum(relative) / reference).toBeCloseTo(1, 10);
  });
});

describe("where a patient stands in it", () => {
  it("is told by the probability, and the share that has a lower index", () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 37].map((index) => standingOf(index).bin_id)).toEqual([
      1, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10,
    ]);
    expect(standingOf(4)).toMatchObject({ probability: tenYearMortality(4), num_bins: 10 });
    expect(standingOf(4).relative_probability).toBeCloseTo(1.2075, 4);
  });

  it("has bounds and bins in order for every index", () => {
    for (const index of indexes) {
      const at = standingOf(index);
      expect(at.prob_lower_95_percent_bound).toBeGreaterThanOrEqual(0);
      expect(at.prob_lower_95_percent_bound).toBeLessThanOrEqual(at.probability);
      expect(at.prob_upper_95_percent_bound).toBeGreaterThanOrEqual(at.probability);
      expect(at.prob_upper_95_percent_bound).toBeLessThanOrEqual(1);
      expect(at.rel_lower_95_percent_bound).toBeLessThanOrEqual(at.relative_probability);
      expect(at.rel_upper_95_percent_bound).toBeGreaterThanOrEqual(at.relative_probability);
      expect(at.bin_id).toBeGreaterThanOrEqual(standingOf(Math.max(0, index - 1)).bin_id);
    }
  });
});

describe("the Wilson score interval", () => {
  it.each([
    [0.5, 100, 0.4038, 0.5962],
    [0.1, 50, 0.0435, 0.2136],
    [0, 10, 0, 0.2775],
    [1, 10, 0.7225, 1],
  ])("of %f in a sample of %i", (proportion, sample, lower, upper) => {
    const interval = wilsonInterval(proportion, sample);
    expect(interval[0]).toBeCloseTo(lower, 4);
    expect(interval[1]).toBeCloseTo(upper, 4);
  });
});
