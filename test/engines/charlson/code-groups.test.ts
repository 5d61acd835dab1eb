import { describe, expect, it } from "vitest";
import { charlsonGroupOf } from "../../../src/engines/charlson/code-groups.ts";
import { charlsonIcd10, charlsonWeights } from "../../../src/engines/charlson/groups.ts";
import { charlsonSnomed } from "../../../src/engines/charlson/snomed.ts";

describe("an ICD-10 code belongs to", () => {
  it.each([
    ["I25.2", "myocardial infarction"],
    ["I22.1", "myocardial infarction"],
    ["I42.5", "congestive heart failure"],
    ["I42.7", "congestive heart failure"],
    ["P29.0", "congestive heart failure"],
    ["I79.2", "peripheral vascular disease"],
    ["Z95.8", "peripheral vascular disease"],
    ["I60.9", "cerebrovascular disease"],
    ["I69.8", "cerebrovascular disease"],
    ["H34.0", "cerebrovascular disease"],
    ["F05.1", "dementia"],
    ["G31.1", "dementia"],
    ["J47", "chronic pulmonary disease"],
    ["J67.9", "chronic pulmonary disease"],
    ["M31.5", "rheumatic disease"],
    ["K28.9", "peptic ulcer disease"],
    ["K71.4", "mild liver disease"],
    ["Z94.4", "mild liver disease"],
    ["E14.9", "diabetes without chronic complication"],
    ["E11.65", "diabetes without chronic complication"],
    ["E13.5", "diabetes with chronic complication"],
    ["G83.4", "hemiplegia or paraplegia"],
    ["N05.7", "renal disease"],
    ["Z49.2", "renal disease"],
    ["C26.9", "any malignancy"],
    ["C76.8", "any malignancy"],
    ["C97", "any malignancy"],
    ["I98.2", "moderate or severe liver disease"],
    ["C80.9", "metastatic solid tumor"],
    ["B22.7", "AIDS/HIV"],
  ])("%s: %s", (code, group) => {
    expect(charlsonGroupOf(code, "ICD10")).toBe(group);
  });

  it.each([
    "I10",
    "I20.9",
    "I25.1",
    "I42.1",
    "I73.0",
    "J48",
    "J68.0",
    "M07",
    "K29.7",
    "K75.4",
    "E11",
    "E15",
    "G8",
    "N05.8",
    "C27",
    "C35",
    "C44.9",
    "C86",
    "B23.8",
    "Z49.3",
    "",
  ])("no group: %j", (code) => {
    expect(charlsonGroupOf(code, "ICD10")).toBeUndefined();
  });

  it("the same group dotted or not, in any case, and in national modifications", () => {
    const spellings = ["K70.30", "K7030", "k70.30", " K70.30 ", "K70.3"];
    expect(new Set(spellings.map((code) => charlsonGroupOf(code, "ICD10")))).toEqual(new Set(["mild liver disease"]));
  });
});

describe("a code system", () => {
  it.each(["ICD10", "ICD10CM", "ICD-10-CM", "icd10", "ICD10GM"])("%s is ICD-10", (system) => {
    expect(charlsonGroupOf("I50.9", system)).toBe("congestive heart failure");
  });

  it.each(["SNOMED", "SNOMED CT", "snomed"])("%s is SNOMED CT", (system) => {
    expect(charlsonGroupOf("84114007", system)).toBe("congestive heart failure");
  });

  it.each([
    ["I50.9", "ICD9"],
    ["I50.9", "SNOMED"],
    ["C50", "ICD10PCS"],
    ["84114007", "ICD10"],
    ["84114007", ""],
  ])("%s means nothing in %j", (code, system) => {
    expect(charlsonGroupOf(code, system)).toBeUndefined();
  });
});

describe("the lists", () => {
  it("name seventeen groups, each with points and codes of both systems", () => {
    const groups = Object.keys(charlsonWeights);
    expect(groups).toHaveLength(17);
    expect(Object.keys(charlsonIcd10)).toEqual(groups);
    expect(Object.keys(charlsonSnomed)).toEqual(groups);
    expect(Object.values(charlsonWeights).reduce((sum, points) => sum + points)).toBe(33);
  });

  it("put no code into two groups", () => {
    const snomed = Object.values(charlsonSnomed).flatMap((codes) => Object.keys(codes));
    expect(new Set(snomed).size).toBe(snomed.length);
    for (const [group, ranges] of Object.entries(charlsonIcd10)) {
      for (const code of ranges.split(/[ -]/)) expect(charlsonGroupOf(code, "ICD10")).toBe(group);
    }
  });

  it("hold only SNOMED CT codes whose check digit is right", () => {
    const codes = Object.values(charlsonSnomed).flatMap((group) => Object.keys(group));
    expect(codes.filter((code) => verhoeff(code) !== 0)).toEqual([]);
    expect(verhoeff("84114006")).not.toBe(0);
  });
});

/** The check sum of SNOMED CT identifiers (Verhoeff): 0 when the last digit fits the others. */
function verhoeff(code: string): number {
  const times = (a: number, b: number): number => {
    if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5);
    return b < 5 ? 5 + ((a - b) % 5) : (a - b + 5) % 5;
  };
  const permute = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  return [...code].reverse().reduce((sum, character, position) => {
    let digit = Number(character);
    for (let turn = 0; turn < position % 8; turn++) digit = permute[digit] ?? digit;
    return times(sum, digit);
  }, 0);
}
