import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { canonicalForms, withoutAnnotations } from "../../../src/vocabulary/ucum/canonical-forms.ts";
import { type Factor, longestUnit, parseUnit, printUnit } from "../../../src/vocabulary/ucum/parse-unit.ts";
import { prefixes, synonyms, units } from "../../../src/vocabulary/ucum/unit-table.ts";

const read = (text: string): readonly Factor[] => {
  const factors = parseUnit(text);
  if (!factors) throw new Error(`${text} cannot be read`);
  return factors;
};
const sizeOf = (text: string) => canonicalForms(read(text)).size;
const fractionOf = (text: string) => canonicalForms(read(text)).fraction;

const simple = { below: fc.boolean(), annotation: fc.constantFrom("", "cells", "1.73_m2", "tot'prot") };
const codes = [...units.keys()].filter((code) => !code.startsWith("{"));
const exponent = fc.integer({ min: -9, max: 9 }).filter((power) => power !== 0);

/** Any factor that can be written. */
const factor: fc.Arbitrary<Factor> = fc.oneof(
  fc.record({ ...simple, code: fc.constantFrom(...codes, "[score]", "[10 HPF]"), prefix: fc.constant(""), exponent }),
  fc.record({
    ...simple,
    code: fc.constantFrom("g", "L", "mol", "[iU]", "[U]", "m[Hg]"),
    prefix: fc.constantFrom(...prefixes.keys()),
    exponent,
  }),
  fc.record({
    ...simple,
    code: fc.constant("10*"),
    prefix: fc.constant(""),
    exponent: fc.integer({ min: -99, max: 99 }),
  }),
  fc.record({
    ...simple,
    code: fc.integer({ min: 1, max: 999_999_999 }).map(String),
    prefix: fc.constant(""),
    exponent: fc.constant(1),
  }),
  fc.record({
    ...simple,
    code: fc.constant(""),
    prefix: fc.constant(""),
    exponent: fc.constant(1),
    annotation: fc.constantFrom("score", "cells", "1.73_m2", "CD19+'cells", "#"),
  }),
);
/** A number times a number is printed like a decimal number, which no unit is. */
const isDecimal = ({ code, below }: Factor, i: number, unit: readonly Factor[]) =>
  /^\d+$/.test(code) && !below && /^\d+$/.test(unit[i - 1]?.code ?? "");
const factors = fc.array(factor, { minLength: 1, maxLength: 5 });

describe("a unit", () => {
  test("is read from what it is printed as", () => {
    fc.assert(
      fc.property(factors, (unit) => {
        fc.pre(printUnit(unit).length <= longestUnit && !unit.some(isDecimal));
        expect(parseUnit(printUnit(unit))).toEqual(unit);
      }),
    );
  });

  test("is the same in whatever order its factors stand", () => {
    const inTwoOrders = factors.chain((unit) =>
      fc.tuple(fc.constant(unit), fc.shuffledSubarray(unit, { minLength: unit.length })),
    );
    fc.assert(
      fc.property(inTwoOrders, ([unit, other]) => {
        expect(canonicalForms(unit)).toEqual(canonicalForms(other));
      }),
    );
  });

  test("is the same with a factor below the line, and with its exponent negative above it", () => {
    fc.assert(
      fc.property(factor, ({ annotation: _, ...unit }) => {
        fc.pre(unit.code !== "" && !/^\d/.test(unit.code));
        const below = { ...unit, annotation: "", below: !unit.below, exponent: -unit.exponent };
        expect(canonicalForms([below]).size).toBe(canonicalForms([{ ...unit, annotation: "" }]).size);
      }),
    );
  });

  test("has a dimension of its own, or is made of others", () => {
    for (const code of codes) expect(canonicalForms(read(code)).size, code).not.toBe(sizeOf("1"));
  });

  test.each([...synonyms])("%s is read as %s", (synonym, code) => {
    expect(parseUnit(synonym)).toEqual(parseUnit(code));
  });
});

test.each([
  ["mg/dL", "mg.dL-1"],
  ["mL/min/kg", "mL/(min.kg)"],
  ["mL/(kg.min)", "mL/kg/min"],
  ["m/(s/kg)", "m.kg/s"],
  ["10^3/uL", "10*3/uL"],
  ["1000/uL", "10*3/uL"],
  ["kU/L", "10*3.[U]/L"],
  ["mm3", "uL"],
  ["mg/(24.h)", "mg/d"],
  ["mL/min/{1.73_m2}", "mL/min/(173.10*-2.m2)"],
  ["g{Creat}", "g{creat}"],
  ["10*3{cells}", "10*3.{cells}"],
  ["dyn.s/cm2", "P"],
  ["kcal", "[Cal]"],
  ["hPa", "mbar"],
])("%s is the fraction %s", (one, other) => {
  expect(fractionOf(one)).toBe(fractionOf(other));
});

test.each([
  ["10*3/uL", "10*9/L"],
  ["ug/L", "ng/mL"],
  ["[U]/mL", "kU/L"],
])("%s is of the size %s, as another fraction", (one, other) => {
  expect(sizeOf(one)).toBe(sizeOf(other));
  expect(fractionOf(one)).not.toBe(fractionOf(other));
});

test.each([
  ["mg/dL", "g/L"],
  ["g/g", "L/L"],
  ["g/g", "1"],
  ["%", "10*-2"],
  ["mmol/L", "meq/L"],
  ["[U]", "umol/min"],
  ["[iU]", "[U]"],
  ["g{creat}", "g"],
  ["g{creat}", "g{prot}"],
  ["Hz", "Bq"],
  ["mL/min/m2", "mL/min/{1.73_m2}"],
  ["mg/2.dL", "mg/(2.dL)"],
])("%s is not %s", (one, other) => {
  expect(sizeOf(one)).not.toBe(sizeOf(other));
});

test.each([
  ["10*3{cells}/uL", "10*3/uL"],
  ["{RBC}/[HPF]", "/[HPF]"],
  ["{Cells}/uL", "/uL"],
  ["mg/g{creat}", "mg/g"],
  ["{ratio}", "{ratio}"],
  ["{INR}/d", "{INR}/d"],
  ["mL/min{1.73_m2}", "mL/min{1.73_m2}"],
  ["mL/min{per_1.73_m2}", "mL/min{per_1.73_m2}"],
  ["mosm/kg{H2O}", "mosm/kg"],
  ["mL/min/{1.73_m2}", "mL/min/{1.73_m2}"],
])("%s without annotations is %s", (unit, bare) => {
  expect(withoutAnnotations(read(unit))).toEqual(read(bare));
});

it("of which only a count is known is nothing without its annotation", () => {
  expect(withoutAnnotations(read("{cells}"))).toBeUndefined();
});

test.each(
  [
    ["", " ", "mg dL", "mg//dL", "mg/", ".mg", "mg.", "()", "(mg", "mg)", "{", "{}", "{''}", "[]", "[U", "m[", "m[x]"],
    [
      "xyz",
      "MG",
      "m%",
      "kmin",
      "mmg",
      "m10",
      "m-",
      "2.5",
      "1.73.m2",
      "mg/1.73",
      "0",
      "05",
      "2-3",
      "10*100",
      "10*x",
      "1234567890",
      "lg(g)",
      "µg",
    ],
  ].flat(),
)("%j is no unit", (text) => {
  expect(parseUnit(text)).toBeUndefined();
});
