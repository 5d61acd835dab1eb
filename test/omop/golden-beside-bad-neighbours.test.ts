import { expect, test } from "vitest";
import { compare } from "./compare.ts";
import { caseFiles, mapCasesBesideBadNeighbours } from "./golden.ts";

test.each(caseFiles)("$title: the same rows beside bad neighbours", { timeout: 180_000 }, async (file) => {
  const beside = await mapCasesBesideBadNeighbours(file);
  for (const golden of file.cases) {
    const { found, wanted } = compare(golden, beside);
    expect(found, golden.name).toEqual(wanted);
  }
  expect(beside.untraced).toEqual([]);
});
