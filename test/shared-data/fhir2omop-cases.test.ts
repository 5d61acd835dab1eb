import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Row } from "../../src/warehouse/values.ts";
import { compare } from "../omop/compare.ts";
import { type GoldenCase, mapCases, type Outcome, type Resource } from "../omop/golden.ts";
import { type Override, overrides } from "./fhir2omop-overrides.ts";

/** A case file of the fhir2omop project: FHIR in, the rows of that project out. Columns that it leaves out are NULL. */
interface TheirFile {
  readonly title: string;
  readonly fixtures?: readonly Resource[];
  readonly cases: readonly {
    readonly desc: string;
    readonly fhir: readonly Resource[];
    readonly omop: Rows;
  }[];
}

type Rows = Readonly<Record<string, readonly Row[]>>;

const folder = fileURLToPath(new URL("../../../shared/data/oracle-fhir2omop-sample", import.meta.url));
const here = existsSync(folder);
const title = here ? "Cases of fhir2omop" : "Cases of fhir2omop (left out: ../shared/data is not there)";
const names = here ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];

describe.skipIf(!here)(title, () => {
  test("are the sixteen that are known", () => {
    expect(names).toEqual(Object.keys(overrides).sort());
    expect(names.flatMap((name) => read(name).cases)).toHaveLength(16);
  });

  describe.each(names)("%s", (name) => {
    const { title, fixtures = [], cases } = read(name);
    const ours = overrides[name] ?? [];
    const goldens = cases.map(({ desc, fhir, omop }): GoldenCase => {
      return { name: desc, fhir, rows: withOverrides(omop, overridesOf(desc, ours)), exact: true };
    });
    let outcome: Outcome;
    beforeAll(async () => {
      const mapped = await mapCases({ title, given: fixtures, cases: goldens }, join(folder, "vocab"));
      // A file of theirs speaks of its own tables only.
      const tables = new Set(["lineage", ...cases.flatMap(({ omop }) => Object.keys(omop))]);
      outcome = { ...mapped, rows: new Map([...mapped.rows].filter(([table]) => tables.has(table))) };
    }, 120_000);

    test.each(goldens)("$name", (golden) => {
      const { found, wanted } = compare(golden, outcome);
      expect(found).toEqual(wanted);
    });

    test.each(ours)("needs its override: $reason", (override) => {
      const known = cases.map(({ desc }) => desc);
      for (const start of Object.keys(override.ours))
        expect(known.filter((desc) => desc.startsWith(start))).toHaveLength(1);
      for (const { desc, omop } of cases) expect(needless(omop, overridesOf(desc, [override])), desc).toEqual([]);
    });
  });
});

function read(name: string): TheirFile {
  return JSON.parse(readFileSync(join(folder, name), "utf8"));
}

interface OverrideOfCase {
  readonly table: string;
  readonly rows: readonly Row[];
}

function overridesOf(desc: string, all: readonly Override[]): OverrideOfCase[] {
  return all.flatMap(({ table, ours }) =>
    Object.entries(ours).flatMap(([start, rows]) => (desc.startsWith(start) ? [{ table, rows }] : [])),
  );
}

/** Their rows, without comments, as our rules have them. Rows that an override does not have are none. */
function withOverrides(theirs: Rows, own: readonly OverrideOfCase[]): Rows {
  const tables = Object.entries(theirs).map(([table, all]) => {
    const changes = own.filter((override) => override.table === table).map(({ rows }) => rows);
    const kept = all.slice(0, Math.min(all.length, ...changes.map((rows) => rows.length)));
    return [table, kept.map((row, i) => Object.assign(withoutComments(row), ...changes.map((rows) => rows[i])))];
  });
  return Object.fromEntries(tables);
}

function withoutComments(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !column.endsWith("__name")));
}

/** What an override changes to what it is anyway. */
function needless(theirs: Rows, own: readonly OverrideOfCase[]): string[] {
  return own.flatMap(({ table, rows }) => {
    const all = theirs[table] ?? [];
    if (rows.length === 0) return all.length === 0 ? [`${table} has no rows`] : [];
    return rows.flatMap((row, i) =>
      Object.entries(row).flatMap(([column, value]) =>
        (all[i]?.[column] ?? null) === value ? [`${table}[${i}].${column}`] : [],
      ),
    );
  });
}
