import { DuckDBConnection } from "@duckdb/node-api";
import { expect, test, vi } from "vitest";
import { openFhirToOmop } from "../../src/omop/fhir-to-omop/fhir-to-omop.ts";
import { caseFiles, ownExcerpt } from "./golden.ts";

/** Of each file of golden cases the first, as a Bundle. */
const bundles = caseFiles.map(({ given = [], cases }) => ({
  resourceType: "Bundle",
  entry: [...given, ...cases[0]!.fhir].map((resource) => ({ resource })),
}));

/** All of them, in another order. */
const shuffled = bundles.map((_, i) => (i * 23 + 7) % bundles.length);

test("a Bundle is answered as by a mapper of its own, whatever was mapped before", { timeout: 120_000 }, async () => {
  expect(new Set(shuffled).size).toBe(bundles.length);
  await using mapper = await openFhirToOmop({ vocabulary: ownExcerpt });
  const answers = [];
  for (const bundle of bundles) answers.push(await mapper.map(bundle));
  expect(answers.filter(({ success }) => success).length).toBeGreaterThan(40);
  for (const i of shuffled) expect(await mapper.map(bundles[i])).toEqual(answers[i]);
  for (const i of shuffled.slice(0, 3)) {
    await using own = await openFhirToOmop({ vocabulary: ownExcerpt });
    expect(await own.map(bundles[i])).toEqual(answers[i]);
  }
});

test("a call makes no table, view or macro: DuckDB would plan all statements anew", { timeout: 60_000 }, async () => {
  await using mapper = await openFhirToOmop({ vocabulary: ownExcerpt });
  const entry = bundles[0]!.entry.map(({ resource }) => ({ fullUrl: `urn:uuid:of-${resource.id}`, resource }));
  const run = vi.spyOn(DuckDBConnection.prototype, "run");
  try {
    expect(await mapper.map({ resourceType: "Bundle", entry })).toMatchObject({ success: true });
    const making = run.mock.calls.filter(([sql]) => /^\s*(create|drop|alter)\s/m.test(sql));
    expect(making).toEqual([]);
    expect(run).toHaveBeenCalled();
  } finally {
    run.mockRestore();
  }
});
