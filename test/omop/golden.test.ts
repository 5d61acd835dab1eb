import { beforeAll, describe, expect, test } from "vitest";
import { compare } from "./compare.ts";
import { caseFiles, mapCases, type Outcome } from "./golden.ts";

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
});
