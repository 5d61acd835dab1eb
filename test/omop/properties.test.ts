import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openLanding } from "../../src/ingest/landing-tables.ts";
import { mappingMacros } from "../../src/omop/mapping-steps.ts";
import { makeIdsUnique } from "../../src/omop/unique-ids.ts";
import { defineTables } from "../../src/warehouse/define-tables.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { lines, openIntake, type Resource } from "../ingest/intake.ts";

const vocabulary = fileURLToPath(new URL("vocabulary", import.meta.url));

const small = (prefix: string) => fc.integer({ min: 0, max: 3 }).map((i) => `${prefix}${i}`);
const date = fc.constantFrom(
  "2018",
  "2018-03",
  "2018-03-05",
  "2018-03-05T10:00:00Z",
  "2020-01-01T23:59:59-05:00",
  "soon",
);
const coding = fc.constantFrom(
  { system: "http://snomed.info/sct", code: "59621000" },
  { system: "http://snomed.info/sct", code: "160903007" },
  { system: "http://hl7.org/fhir/sid/icd-10", code: "V74.2" },
  { system: "http://loinc.org", code: "8480-6" },
  { system: "http://hospital.example", code: "x" },
);
const code = fc.oneof(
  fc.record({ coding: fc.array(coding, { minLength: 1, maxLength: 3 }) }),
  fc.constantFrom({ text: "in words" }, {}),
);
const meta = fc.option(fc.record({ versionId: fc.integer({ min: 1, max: 3 }).map(String) }), { nil: undefined });
const subject = small("p").map((id) => ({ reference: `Patient/${id}` }));
const encounter = fc.option(
  small("v").map((id) => ({ reference: `Encounter/${id}` })),
  { nil: undefined },
);
const value = fc.record({ value: fc.integer({ min: 0, max: 300 }), unit: fc.constantFrom("kg", "mm[Hg]") });

const resource: fc.Arbitrary<Resource> = fc.oneof(
  fc.record({
    resourceType: fc.constant("Patient"),
    id: small("p"),
    meta,
    gender: fc.constantFrom("male", "female", undefined),
    birthDate: fc.constantFrom("1950", "1960-07", "1970-01-02", undefined),
    address: fc.constantFrom([{ city: "Boston", state: "MA" }], [{ city: "BOSTON", state: "MA" }], undefined),
  }),
  fc.record({
    resourceType: fc.constant("Encounter"),
    id: small("v"),
    meta,
    status: fc.constantFrom("finished", "in-progress", "cancelled"),
    class: fc.record({ code: fc.constantFrom("AMB", "IMP", "?") }),
    subject,
    period: fc.record({ start: date, end: date }),
  }),
  fc.record({
    resourceType: fc.constant("Condition"),
    id: small("c"),
    meta,
    code,
    subject,
    encounter,
    onsetDateTime: date,
  }),
  fc.record({
    resourceType: fc.constant("Observation"),
    id: small("o"),
    meta,
    status: fc.constantFrom("final", "preliminary"),
    code,
    subject,
    encounter,
    effectiveDateTime: date,
    valueQuantity: fc.option(value, { nil: undefined }),
    component: fc.option(fc.array(fc.record({ code, valueQuantity: value }), { maxLength: 2 }), { nil: undefined }),
  }),
);
const resources = fc.array(resource, { minLength: 1, maxLength: 25 });

/** Everything in the CDM after these files were landed and mapped, and what was dropped. */
async function mapped(files: Readonly<Record<string, string>>) {
  await using intake = await openIntake(vocabulary);
  for (const [name, content] of Object.entries(files)) await intake.write(name, content);
  const { tables, resources: fates } = await intake.land();
  const rows: Record<string, unknown> = {};
  for (const table of Object.keys(tables)) {
    rows[table] = table === "cdm_source" ? [] : await intake.warehouse.rows(`from cdm.${table} order by all`);
  }
  const dropped = await intake.warehouse.rows("select * exclude (file_id) from mapping.dropped order by all");
  return { rows, dropped, fates };
}

/** The resources as a Bundle: each under a urn:uuid that is not its id, by which the others refer to it. */
function bundleOf(all: readonly Resource[]): string {
  const url = (type: string, id: string) => `urn:uuid:of-${type}-${id}`;
  const here = new Set(all.map(({ resourceType, id }) => `${resourceType}/${id}`));
  const entry = all.map((each) => ({ fullUrl: url(each.resourceType, each.id), resource: each }));
  const text = JSON.stringify({ resourceType: "Bundle", type: "collection", entry });
  return text.replace(/"reference":"(\w+)\/(\w+)"/g, (whole, type, id) =>
    here.has(`${type}/${id}`) ? `"reference":"${url(type, id)}"` : whole,
  );
}

describe("rows and their ids do not depend on", { timeout: 120_000 }, () => {
  const runs = { numRuns: 12, interruptAfterTimeLimit: 15_000 };

  test("the order of lines and files", async () => {
    const shuffled = resources.chain((all) =>
      fc.record({
        all: fc.constant(all),
        order: fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        cut: fc.integer({ min: 0, max: all.length }),
      }),
    );
    const law = fc.asyncProperty(shuffled, async ({ all, order, cut }) => {
      const straight = await mapped({ "all.ndjson": lines(...all) });
      const other = await mapped({ "b.ndjson": lines(...order.slice(0, cut)), "a.ndjson": lines(...order.slice(cut)) });
      expect(other).toEqual(straight);
    });
    await fc.assert(law, runs);
  });

  test("how often a resource comes", async () => {
    const law = fc.asyncProperty(resources, async (all) => {
      const once = await mapped({ "a.ndjson": lines(...all) });
      const twice = await mapped({ "a.ndjson": lines(...all), "b.ndjson": lines(...all) });
      expect({ ...twice, fates: undefined }).toEqual({ ...once, fates: undefined });
      expect(twice.fates.superseded).toBe(once.fates.superseded + all.length);
    });
    await fc.assert(law, runs);
  });

  test("whether it comes as NDJSON or in a Bundle", async () => {
    const law = fc.asyncProperty(resources, async (all) => {
      expect(await mapped({ "all.json": bundleOf(all) })).toEqual(await mapped({ "all.ndjson": lines(...all) }));
    });
    await fc.assert(law, runs);
  });
});

describe("ids that collide", { timeout: 60_000 }, () => {
  const keyed = fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 4 }),
      scope: fc.constantFrom("a", "b"),
      name: fc.string(),
      part: fc.nat(2),
    }),
    { minLength: 1, maxLength: 30, selector: ({ scope, name, part }) => JSON.stringify([scope, name, part]) },
  );

  async function defineMacros(warehouse: Warehouse): Promise<void> {
    await openLanding(warehouse);
    await defineTables(warehouse, mappingMacros());
  }

  async function unique(rows: readonly object[], within?: string) {
    await using warehouse = await openWarehouse(":memory:");
    await warehouse.run("create table meta.keyed (id bigint, scope varchar, name varchar, part integer)");
    await warehouse.append("meta.keyed", rows);
    await defineMacros(warehouse);
    await makeIdsUnique(warehouse, { table: "meta.keyed", id: "id", within, key: ["scope", "name", "part"] });
    return await warehouse.rows<{ id: number; scope: string }>("from meta.keyed order by scope, name, part");
  }

  test("become unique, below 2^53, in whatever order their rows stand", async () => {
    const law = fc.asyncProperty(keyed, fc.infiniteStream(fc.nat()), async (rows, random) => {
      const ids = await unique(rows);
      expect(new Set(ids.map(({ id }) => id)).size).toBe(rows.length);
      for (const { id } of ids) expect(Number.isSafeInteger(id) && id > 0).toBe(true);
      const shuffled = rows.map((row) => ({ row, place: random.next().value })).sort((a, b) => a.place - b.place);
      expect(await unique(shuffled.map(({ row }) => row))).toEqual(ids);
    });
    await fc.assert(law, { numRuns: 25 });
  });

  test("the smallest key keeps its id", async () => {
    const law = fc.asyncProperty(keyed, async (rows) => {
      const before = new Map<number, number>();
      await using warehouse = await openWarehouse(":memory:");
      await warehouse.run("create table meta.keyed (id bigint, scope varchar, name varchar, part integer, was bigint)");
      await warehouse.append(
        "meta.keyed",
        rows.map((row) => ({ ...row, was: row.id })),
      );
      await defineMacros(warehouse);
      await makeIdsUnique(warehouse, { table: "meta.keyed", id: "id", key: ["scope", "name", "part"] });
      const first = await warehouse.rows<{ id: number; was: number }>(
        "select id, was from meta.keyed qualify row_number() over (partition by was order by scope, name, part) = 1",
      );
      for (const { id, was } of first) before.set(was, id);
      for (const [was, id] of before) expect(id).toBe(was);
    });
    await fc.assert(law, { numRuns: 25 });
  });

  test("in different tables are no collision", async () => {
    const law = fc.asyncProperty(keyed, async (rows) => {
      const firstOfEach = rows.filter(
        (row, i) => rows.findIndex(({ id, scope }) => id === row.id && scope === row.scope) === i,
      );
      const ids = await unique(firstOfEach, "scope");
      expect(ids.map(({ id }) => id).sort()).toEqual(firstOfEach.map(({ id }) => id).sort());
    });
    await fc.assert(law, { numRuns: 10 });
  });
});
