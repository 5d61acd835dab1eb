import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { renamed } from "./bad-neighbours.ts";
import { caseFiles, mapSources, ownExcerpt, type Resource } from "./golden.ts";

/** The resources of the first case of each golden file: one or more of every type. */
const samples: readonly Resource[] = caseFiles
  .filter(({ options }) => options === undefined)
  .flatMap(({ given = [], cases }, i) => [...given, ...cases[0]!.fhir].map((each) => renamed(each, `sound-${i}-`)));

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, {}, [], [null], [[]], "", "a text", "2019", "0000-00-00", "\u0000", "\ud83d"),
  fc.constantFrom<unknown>(0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER, { value: { value: [] } }, [{ coding: "x" }]),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A copy of a resource under another name, with one of its members, at any depth, replaced. */
const corrupted = fc
  .record({ sample: fc.nat(samples.length - 1), name: fc.uuid(), member: fc.nat(), by: odd })
  .map(({ sample, name, member, by }) => {
    const copy = structuredClone(renamed(samples[sample]!, `${name}-`));
    const places = membersOf(copy);
    const [holder, key] = places[member % places.length]!;
    holder[key] = by;
    return { type: samples[sample]!.resourceType, line: JSON.stringify(copy) };
  });

function membersOf(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [[holder, key] as [typeof holder, string], ...membersOf(holder[key])]);
}

interface Line {
  readonly type: string;
  readonly line: string;
}

/** The rows of the sound resources, when these lines stand between them. */
async function soundRows(between: readonly Line[]): Promise<Record<string, object[]>> {
  const golden = { name: "all", fhir: samples, rows: {} };
  const { rows, untraced } = await mapSources([{ title: "all", cases: [golden] }], ownExcerpt, async (folder) => {
    const sound = samples.map((resource) => ({ type: resource.resourceType, line: JSON.stringify(resource) }));
    const all = [...sound.filter((_, i) => i % 2 === 0), ...between, ...sound.filter((_, i) => i % 2 === 1)];
    for (const type of new Set(all.map((each) => each.type))) {
      const lines = all.filter((each) => each.type === type).map(({ line }) => line);
      await writeFile(join(folder, `${type}.ndjson`), lines.join("\n"));
    }
  });
  expect(untraced).toEqual([]);
  const own = new Set(samples.map(({ id }) => id));
  const sorted = [...rows].map(([table, traced]) => [
    table,
    traced
      .filter(({ resource_id }) => own.has(resource_id))
      .map(({ row: { file_id, ...row }, ...record }) => ({ ...record, row }))
      .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
  ]);
  return Object.fromEntries(sorted);
}

test("whatever is wrong with records, the run goes on and others give the same rows", {
  timeout: 300_000,
}, async () => {
  const alone = await soundRows([]);
  expect(Object.values(alone).flat().length).toBeGreaterThan(100);
  const law = fc.asyncProperty(fc.array(corrupted, { minLength: 200, maxLength: 300 }), async (between) => {
    expect(await soundRows(between)).toEqual(alone);
  });
  await fc.assert(law, { numRuns: 6, interruptAfterTimeLimit: 60_000, endOnFailure: true });
});
