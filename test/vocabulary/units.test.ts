import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { loadUnitMatcher } from "../../src/vocabulary/load-unit-matcher.ts";
import { attachNoVocabulary, loadVocabulary } from "../../src/vocabulary/load-vocabulary.ts";
import { createUnitMatcher, type UnitMatcher } from "../../src/vocabulary/units.ts";
import { literal } from "../../src/warehouse/sql-text.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { type Folder, openFolder } from "../support/folder.ts";
import { concepts, matches, mismatches } from "./unit-cases.ts";

const idOf = new Map(Object.entries(concepts).map(([id, code]) => [code, Number(id)]));
const all = [...idOf].map(([code, conceptId]) => ({ conceptId, code }));

/** A matcher without aliases for a vocabulary of these units, which are numbered from 1. */
const matcherOf = (...codes: string[]) => createUnitMatcher(codes.map((code, i) => ({ conceptId: i + 1, code })));

describe("a unit of the vocabulary", () => {
  let warehouse: Warehouse;
  let match: UnitMatcher;
  beforeAll(async () => {
    warehouse = await openWarehouse(":memory:");
    await attachNoVocabulary(warehouse);
    await warehouse.append(
      "vocabulary.concept",
      all.map(({ conceptId, code }) => concept(conceptId, code)),
    );
    match = await loadUnitMatcher(warehouse);
  });
  afterAll(() => warehouse.close());

  test.each(all)("$code is itself, whatever else is equal to it", ({ code, conceptId }) => {
    expect(match({ code })).toBe(conceptId);
    expect(match({ text: code })).toBe(conceptId);
  });

  test.each(pairsOf(matches))("%s is %s", (written, code) => {
    expect(match({ code: written })).toBe(idOf.get(code));
    expect(match({ text: ` ${written} ` })).toBe(idOf.get(code));
  });

  test.each(pairsOf(mismatches))("%j is none: %s", (written) => {
    expect(match({ code: written, text: written })).toBeUndefined();
  });

  it("is found by its code; its text counts where there is no code, or none that can be read", () => {
    expect(match({ code: "mg/dL", text: "mmol/L" })).toBe(8840);
    expect(match({ code: "{INR}", text: "ratio" })).toBeUndefined();
    expect(match({ code: "kg/L", text: "mg/dL" })).toBeUndefined();
    expect(match({ code: "", text: "mmHg" })).toBe(8876);
    expect(match({ code: null, text: "mmHg" })).toBe(8876);
    expect(match({ code: "MGDL", text: "mg/dL" })).toBe(8840);
    expect(match({ code: "G/L", text: "g/L" })).toBe(8636);
    expect(match({})).toBeUndefined();
  });

  it("is standard, valid and a unit", async () => {
    await warehouse.append("vocabulary.concept", [
      { ...concept(1, "mmol/kg"), standard_concept: null },
      { ...concept(2, "mmol/kg"), invalid_reason: "U" },
      { ...concept(3, "mmol/kg"), vocabulary_id: "SNOMED" },
      { ...concept(4, "mmol/kg"), domain_id: "Observation" },
    ]);
    expect((await loadUnitMatcher(warehouse))({ code: "mmol/kg" })).toBeUndefined();
  });
});

describe("a vocabulary that lacks a unit", () => {
  it("gives one that is equal", () => {
    expect(matcherOf("10*9/L")({ code: "10*3/uL" })).toBe(1);
    expect(matcherOf("[U]/mL")({ code: "kU/L" })).toBe(1);
    expect(matcherOf("mm3")({ code: "uL" })).toBe(1);
  });

  it("gives the one of the same fraction, where others are of the same size", () => {
    expect(matcherOf("[U]/mL", "10*3.[U]/L")({ code: "kU/L" })).toBe(2);
    expect(matcherOf("ng/mL", "10*-6.g/L")({ code: "ug/L" })).toBe(2);
  });

  it("gives none when several are equal", () => {
    expect(matcherOf("[U]/mL", "10*-3.[U]/uL")({ code: "kU/L" })).toBeUndefined();
    expect(matcherOf("mL/kg/min", "mL/min/kg")({ code: "ml/(1000.g)/min" })).toBeUndefined();
  });

  it("gives the lowest when several have its very code", () => {
    expect(matcherOf("[acr_us]", "[acr_us]")({ code: "[acr_us]" })).toBe(1);
  });

  it("gives the one with the same annotation before the one without", () => {
    const match = matcherOf("mg/g", "mg/g{creat}");
    expect(match({ code: "ug/mg{Creat}" })).toBe(2);
    expect(match({ code: "ug/mg{prot}" })).toBe(1);
  });

  it("gives none that is larger or smaller: a value would have to be rescaled", () => {
    expect(matcherOf("g/L")({ code: "mg/dL" })).toBeUndefined();
    expect(matcherOf("mg/dL")({ code: "g/L" })).toBeUndefined();
    expect(matcherOf("mL/min")({ code: "mL/min/{1.73_m2}" })).toBeUndefined();
    expect(matcherOf("mL/min")({ code: "mL/min{1.73_m2}" })).toBeUndefined();
  });

  it("of no units at all gives none", () => {
    expect(matcherOf()({ code: "mg" })).toBeUndefined();
  });
});

describe("only equal units match", () => {
  const powers = { G: 9, M: 6, k: 3, "": 0, d: -1, c: -2, m: -3, u: -6, n: -9, p: -12 };
  const prefix = fc.constantFrom(...(Object.keys(powers) as (keyof typeof powers)[]));
  const metric = fc.constantFrom("g", "m", "mol", "L", "eq", "U", "[iU]", "osm", "Pa");

  test("a prefix above times a prefix below is what counts", () => {
    fc.assert(
      fc.property(prefix, prefix, prefix, prefix, metric, metric, (a, b, c, d, above, below) => {
        const equal = powers[a] - powers[b] === powers[c] - powers[d];
        const match = matcherOf(`${a}${above}/${b}${below}`);
        expect(match({ code: `${c}${above}/${d}${below}` }) === 1).toBe(equal);
      }),
    );
  });

  const kinds =
    "1 10*-2 % [ppth] {ratio} {score} [score] mol eq osm [iU] [arb'U] [CFU] Hz Bq Gy Sv umol/min kat g m K Cel [degF] rad deg";
  test.each(kinds.split(" "))("%s is none of the other kinds, alone and per liter", (code) => {
    for (const suffix of ["", "/L"]) {
      const others = kinds.split(" ").filter((other) => other !== code);
      expect(matcherOf(...others.map((other) => other + suffix))({ code: code + suffix })).toBeUndefined();
    }
  });

  it("is decided without rounding", () => {
    expect(matcherOf("1000000.10*15.m")({ code: "999999.10*15.m" })).toBeUndefined();
    expect(matcherOf("a")({ code: "8766.h" })).toBe(1);
  });
});

describe("any text", () => {
  const match = createUnitMatcher(all, [{ spelling: "mmHg", unit: "mm[Hg]" }]);
  const unitLike = fc.string({
    unit: fc.constantFrom(...". / ( ) { } [ ] 10* 10^ - + 99 1 m g U % L µ ² x e".split(" ")),
  });

  test("is matched or not, and never fails", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), unitLike), (code) => void match({ code, text: code })));
  });

  test.each([
    ["many factors", "m9.".repeat(100_000)],
    ["deep parentheses", "(".repeat(100_000)],
    ["a long word", "x".repeat(1_000_000)],
    ["many spaces", `mg${" ".repeat(100_000)}/dL`],
    ["high powers", "10*99.10*99/10*-99.km9.Mm9"],
  ])("of %s is dealt with at once", (_, code) => {
    const start = performance.now();
    match({ code });
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

const combined = fileURLToPath(new URL("../../../shared/data/omop-vocabulary/", import.meta.url));

describe.skipIf(!existsSync(combined))(
  "codes of public FHIR samples that no concept has (skipped without ../shared/data/omop-vocabulary)",
  () => {
    const found: Readonly<Record<string, number>> = {
      "(score)": 44777566,
      "/a": 44777560,
      "IU/L": 8923,
      "M/uL": 8815,
      "U/L": 8645,
      "[lb_av]": 8739,
      "kU/L": 8810,
      "mL/min/{1.73_m2}": 720870,
      ml: 8587,
      "{score}": 44777566,
    };
    const notFound = ["min/d", "{T-score}", "{count}", "{nominal}", "{pack-years}"];
    let warehouse: Warehouse;
    let cache: Folder;
    beforeAll(async () => {
      warehouse = await openWarehouse(":memory:");
      cache = await openFolder();
      await loadVocabulary(warehouse, `${combined}combined`, { cache: cache.path });
    });
    afterAll(async () => {
      await warehouse.close();
      await cache[Symbol.asyncDispose]();
    });

    it("are the unit that they mean, or none", async () => {
      const match = await loadUnitMatcher(warehouse);
      const codes = await warehouse.rows<{ code: string }>(
        `select concept_code as code from read_csv(${literal(`${combined}unresolved-codes.csv`)}, all_varchar => true)
         where vocabulary_id = 'UCUM'`,
      );
      const outcome = codes.map(({ code }) => [code, match({ code })]);
      expect(Object.fromEntries(outcome)).toEqual({
        ...found,
        ...Object.fromEntries(notFound.map((code) => [code, undefined])),
      });
    });

    it("leave every unit of the vocabulary what it is", async () => {
      const match = await loadUnitMatcher(warehouse);
      const units = await warehouse.rows<{ code: string; lowest: number }>(
        `select concept_code as code, min(concept_id) as lowest from vocabulary.concept
         where vocabulary_id = 'UCUM' and standard_concept = 'S' and invalid_reason is null group by all`,
      );
      expect(units.length).toBeGreaterThan(900);
      expect(units.filter(({ code, lowest }) => match({ code }) !== lowest)).toEqual([]);
    });
  },
);

function concept(conceptId: number, code: string) {
  return {
    concept_id: conceptId,
    concept_name: code,
    domain_id: "Unit",
    vocabulary_id: "UCUM",
    concept_class_id: "Unit",
    standard_concept: "S",
    concept_code: code,
    valid_start_date: "1970-01-01",
    valid_end_date: "2099-12-31",
    invalid_reason: null,
  };
}

function pairsOf(lists: Readonly<Record<string, readonly string[]>>): [string, string][] {
  return Object.entries(lists).flatMap(([name, written]) => written.map((text): [string, string] => [text, name]));
}
