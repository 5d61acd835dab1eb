import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { literal } from "../../src/warehouse/sql-text.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import {
  anyExposures,
  anyOccurrences,
  contentOf,
  expectErasOf,
  inTwoOrders,
  isWithin,
  spanOf,
} from "./derived/arbitrary.ts";
import {
  type ConditionEra,
  conditionEras,
  type DoseEra,
  type DrugEra,
  doseEras,
  drugEras,
  type Exposure,
  type Occurrence,
  openForEras,
  readData,
} from "./derived/derive.ts";

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** What the rows say, without their ids. */
const withoutIds = <Era extends { id: number }>(eras: readonly Era[]) => eras.map(({ id, ...era }) => era);

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openForEras();
});
afterAll(() => warehouse.close());

describe("condition_era", () => {
  const cases =
    readData<{ name: string; occurrences: Occurrence[]; eras: Partial<ConditionEra>[] }[]>("condition-era.json");
  test.each(cases)("$name", async ({ occurrences, eras }) => {
    expect(withoutIds(await conditionEras(warehouse, occurrences))).toEqual(
      eras.map((era) => ({ person: 1, concept: 1, ...era })),
    );
  });
});

describe("drug_era", () => {
  const cases = readData<{ name: string; exposures: Exposure[]; eras: Partial<DrugEra>[] }[]>("drug-era.json");
  test.each(cases)("$name", async ({ exposures, eras }) => {
    expect(withoutIds(await drugEras(warehouse, exposures))).toEqual(
      eras.map((era) => ({ person: 1, ingredient: "alpha", ...era })),
    );
  });
});

describe("dose_era", () => {
  const cases = readData<{ name: string; exposures: Exposure[]; eras: Partial<DoseEra>[] }[]>("dose-era.json");
  test.each(cases)("$name", async ({ exposures, eras }) => {
    expect(withoutIds(await doseEras(warehouse, exposures))).toEqual(
      eras.map((era) => ({ person: 1, ingredient: "alpha", unit: "mg", ...era })),
    );
  });

  it("is empty without drug strengths", async () => {
    await using other = await openForEras({ strengths: false });
    const exposures = cases.flatMap((golden) => golden.exposures);
    expect(await doseEras(other, exposures)).toEqual([]);
  });
});

describe("eras of whatever is recorded", () => {
  it("are the same in every order of rows, ids included", async () => {
    await fc.assert(
      fc.asyncProperty(inTwoOrders(anyOccurrences), inTwoOrders(anyExposures), async (occurrences, exposures) => {
        expect(await conditionEras(warehouse, occurrences[0])).toEqual(await conditionEras(warehouse, occurrences[1]));
        expect(await drugEras(warehouse, exposures[0])).toEqual(await drugEras(warehouse, exposures[1]));
        expect(await doseEras(warehouse, exposures[0])).toEqual(await doseEras(warehouse, exposures[1]));
      }),
      { numRuns: 30 },
    );
  });

  it("of a condition hold each occurrence once, and lie more than 30 days apart", async () => {
    await fc.assert(
      fc.asyncProperty(anyOccurrences, async (occurrences) => {
        const eras = await conditionEras(warehouse, occurrences);
        expectErasOf(
          eras.map((era) => ({ ...spanOf(`${era.person} ${era.concept}`, era, 0), count: era.count })),
          occurrences
            .filter(({ concept }) => concept !== 0)
            .map((occurrence) => spanOf(`${occurrence.person} ${occurrence.concept}`, occurrence, 1)),
        );
      }),
    );
  });

  it("of an ingredient hold each exposure once, and lie more than 30 days apart; gap_days are the days without it", async () => {
    await fc.assert(
      fc.asyncProperty(anyExposures, async (exposures) => {
        const eras = await drugEras(warehouse, exposures);
        const found = eras.map((era) => ({ ...era, ...spanOf(`${era.person} ${era.ingredient}`, era, 0) }));
        const spans = exposures.flatMap((exposure) =>
          Object.keys(contentOf[exposure.drug]!).map((ingredient) =>
            spanOf(`${exposure.person} ${ingredient}`, exposure, exposure.days_supply),
          ),
        );
        expectErasOf(found, spans);
        for (const era of found) {
          const own = spans.filter((span) => isWithin(era, span));
          const days = Array.from({ length: era.end - era.start }, (_, i) => era.start + i);
          expect(era.gap_days).toBe(
            days.filter((day) => !own.some(({ start, end }) => start <= day && day < end)).length,
          );
        }
      }),
    );
  });

  it("of a dose hold each exposure to it", async () => {
    await fc.assert(
      fc.asyncProperty(anyExposures, async (exposures) => {
        const eras = await doseEras(warehouse, exposures);
        const found = eras.map((era) => spanOf(`${era.person} ${era.ingredient} ${era.dose}`, era, 0));
        const spans = exposures.flatMap((exposure) =>
          Object.entries(contentOf[exposure.drug]!)
            .filter(([, amount]) => amount !== null)
            .map(([ingredient, amount]) => {
              const dose = (amount! * exposure.quantity) / exposure.days_supply;
              return spanOf(`${exposure.person} ${ingredient} ${dose}`, exposure, exposure.days_supply);
            }),
        );
        for (const span of spans) expect(found.some((era) => isWithin(era, span))).toBe(true);
        for (const era of found) expect(spans.some((span) => isWithin(era, span))).toBe(true);
        expect(new Set(eras.map(({ id }) => id)).size).toBe(eras.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a mapping of the sample data", () => {
  it("derives eras, each with an id of its own, and the same ones in the next run", async () => {
    await using mapped = await openWarehouse(":memory:", { vocabulary: inProject("sample-data/vocabulary") });
    const derive = async () => {
      await pipeline(fhirFiles(inProject("sample-data/fhir/ndjson")), mapToOmop()).run(mapped);
      return {
        conditions: await mapped.rows("from cdm.condition_era order by all"),
        drugs: await mapped.rows("from cdm.drug_era order by all"),
        doses: await mapped.rows("from cdm.dose_era order by all"),
      };
    };
    const eras = await derive();
    expect(eras.conditions.length).toBeGreaterThan(0);
    expect(new Set(eras.conditions.map((era) => era.condition_era_id)).size).toBe(eras.conditions.length);
    expect(eras.drugs.length).toBeGreaterThan(0);
    expect(new Set(eras.drugs.map((era) => era.drug_era_id)).size).toBe(eras.drugs.length);
    expect(await derive()).toEqual(eras);
    const counted = await mapped.row("select sum(condition_occurrence_count) as occurrences from cdm.condition_era");
    expect(counted).toEqual(
      await mapped.row("select count(*) as occurrences from cdm.condition_occurrence where condition_concept_id <> 0"),
    );
  });
});

const published = inProject("../shared/data/omop-instance-synthea27nj");
const absent = !existsSync(published);

describe.skipIf(absent)(`the CDM that ETL-Synthea made${absent ? ` (skipped: no ${published})` : ""}`, () => {
  it("has the condition eras of its occurrences", async () => {
    const file = (name: string) => `read_csv(${literal(`${published}/${name}.csv`)})`;
    const occurrences = await warehouse.rows<Occurrence>(
      `select person_id as person, condition_concept_id as concept, condition_start_date as start,
         condition_end_date as "end"
       from ${file("CONDITION_OCCURRENCE")}`,
    );
    const eras = await warehouse.rows<ConditionEra>(
      `select person_id as person, condition_concept_id as concept, condition_era_start_date::date as start,
         condition_era_end_date::date as "end", condition_occurrence_count as count
       from ${file("CONDITION_ERA")} order by 1, 2, 3`,
    );
    expect(eras).toHaveLength(469);
    // ETL-Synthea gives eras to concept 0 too; there is none in this data.
    expect(withoutIds(await conditionEras(warehouse, occurrences))).toEqual(eras);
  });
});
