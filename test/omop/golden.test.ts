import { beforeAll, describe, expect, test } from "vitest";
import { compare } from "./compare.ts";
import { caseFiles, mapCases, mapCasesBesideBadNeighbours, type Outcome } from "./golden.ts";

describe.each(caseFiles)("$title", (file) => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await mapCases(file);
  }, 180_000);

  test.each(file.cases)("$name", (golden) => {
    const { found, wanted } = compare(golden, outcome);
    expect(found).toEqual(wanted);
  });

  test("every row is the row of a record", () => {
    expect(outcome.untraced).toEqual([]);
  });

  test("the same rows beside bad neighbours", { timeout: 180_000 }, async () => {
    const beside = await mapCasesBesideBadNeighbours(file);
    for (const golden of file.cases) {
      const { found, wanted } = compare(golden, beside);
      expect(found, golden.name).toEqual(wanted);
    }
    expect(beside.untraced).toEqual([]);
  });
});
