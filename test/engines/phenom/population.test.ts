import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tenYearMortality } from "../../../src/engines/charlson/charlson-index.ts";
import { createPopulation, type Population, wilsonInterval } from "../../../src/engines/phenom/population.ts";

function populationOf(indexes: readonly number[]): Population {
  const population = createPopulation();
  for (const index of indexes) population.add(index);
  return population;
}

describe("a population", () => {
  it("of one patient is its own measure", () => {
    const standing = populationOf([3]).standingOf(3);
    expect(standing).toMatchObject({
      probability: tenYearMortality(3),
      relative_probability: 1,
      bin_id: 1,
      num_bins: 10,
    });
  });

  it("sets each patient against its mean probability", () => {
    const population = populationOf([0, 0, 0, 4]);
    const mean = (3 * tenYearMortality(0) + tenYearMortality(4)) / 4;
    expect(population.standingOf(4).relative_probability).toBeCloseTo(tenYearMortality(4) / mean, 10);
    expect(population.standingOf(0).relative_probability).toBeCloseTo(tenYearMortality(0) / mean, 10);
  });

  it("puts patients into tenths by the share that has a lower index", () => {
    const ten = populationOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([0, 1, 5, 9].map((index) => ten.standingOf(index).bin_id)).toEqual([1, 2, 6, 10]);
    const even = populationOf(Array(50).fill(2));
    expect(even.standingOf(2).bin_id).toBe(1);
    const tail = populationOf([...Array(999).fill(0), 9]);
    expect([0, 9].map((index) => tail.standingOf(index).bin_id)).toEqual([1, 10]);
  });

  it("narrows the bounds as more patients with the same index are scored", () => {
    const widths = [1, 10, 100, 1000].map((patients) => {
      const { prob_upper_95_percent_bound: upper, prob_lower_95_percent_bound: lower } = populationOf(
        Array(patients).fill(3),
      ).standingOf(3);
      return upper - lower;
    });
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(widths[3]).toBeLessThan(0.06);
  });

  it("keeps bounds, ratios and bins in order, whoever is in it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 37 }), { minLength: 1, maxLength: 200 }), (indexes) => {
        const population = populationOf(indexes);
        for (const index of indexes) {
          const at = population.standingOf(index);
          expect(at.prob_lower_95_percent_bound).toBeGreaterThanOrEqual(0);
          expect(at.prob_lower_95_percent_bound).toBeLessThanOrEqual(at.probability);
          expect(at.prob_upper_95_percent_bound).toBeGreaterThanOrEqual(at.probability);
          expect(at.prob_upper_95_percent_bound).toBeLessThanOrEqual(1);
          expect(at.rel_lower_95_percent_bound).toBeLessThanOrEqual(at.relative_probability);
          expect(at.rel_upper_95_percent_bound).toBeGreaterThanOrEqual(at.relative_probability);
          expect(at.bin_id).toBeGreaterThanOrEqual(1);
          expect(at.bin_id).toBeLessThanOrEqual(at.num_bins);
        }
        const byIndex = [...indexes].sort((a, b) => a - b).map((index) => population.standingOf(index).bin_id);
        expect(byIndex).toEqual([...byIndex].sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
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
