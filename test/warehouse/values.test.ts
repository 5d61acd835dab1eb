import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Value } from "../../src/warehouse/values.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { failureOf } from "../support/failure.ts";

const warehouse = await openWarehouse(":memory:");
afterAll(() => warehouse.close());

beforeEach(() =>
  warehouse.run(`create or replace table sample (
    whole bigint, small integer, number double, exact decimal(12, 3), text varchar, yes boolean, day date,
    moment timestamp, lasting bigint[], part struct(code varchar, count integer), parts struct(code varchar)[],
    document json, key uuid)`),
);

/** What comes out of a column when this went in. */
async function back(column: string, value: unknown): Promise<Value | undefined> {
  await warehouse.run("delete from sample");
  await warehouse.append("sample", [{ [column]: value }]);
  return (await warehouse.row(`select ${column} as value from sample`))?.value;
}

describe("a value that is appended and read again", () => {
  it.each<[string, string, Value]>([
    ["a whole number", "whole", 42],
    ["the largest exact number", "whole", Number.MAX_SAFE_INTEGER],
    ["a whole number beyond 2^53", "whole", 9007199254740993n],
    ["the smallest of 64 bits", "whole", -9223372036854775808n],
    ["a number", "number", 0.1],
    ["a very small number", "number", 1.2e-300],
    ["no number", "number", Number.NaN],
    ["infinity", "number", Number.NEGATIVE_INFINITY],
    ["a decimal", "exact", 123456789.125],
    ["a text with all kinds of quotes", "text", `O'Hara said "no" \\ \`yes\`; -- select`],
    ["a text of other scripts", "text", "Ærøskøbing 東京 🏥 עברית"],
    ["a text with NUL, tab and line ends", "text", "a\u0000b\tc\r\nd"],
    ["the empty text", "text", ""],
    ["a truth value", "yes", false],
    ["a day", "day", "2024-02-29"],
    ["a day that never comes", "day", "infinity"],
    ["a day before all others", "day", "-infinity"],
    ["a day before 1970", "day", "1899-12-31"],
    ["a moment with microseconds", "moment", "2024-02-29T23:59:59.123456"],
    ["a moment before 1970", "moment", "1899-12-31T00:00:00.000001"],
    ["a list", "lasting", [1, null, 9007199254740993n]],
    ["an empty list", "lasting", []],
    ["a struct", "part", { code: "a'b", count: null }],
    ["a list of structs", "parts", [{ code: "a" }, null, { code: null }]],
    ["a JSON text", "document", '{"a":[1,"x"]}'],
    ["a UUID", "key", "8be7154f-c82d-4aad-92ac-ff37a38a732f"],
    ["NULL", "text", null],
  ])("is the same: %s", async (_, column, value) => {
    expect(await back(column, value)).toEqual(value);
  });

  it("is the same for any number, whole number and text", async () => {
    const row = fc.record({
      number: fc.double(),
      whole: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      text: fc.string({ unit: "binary" }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
        await warehouse.run("delete from sample");
        await warehouse.append("sample", rows);
        const found = await warehouse.rows("select number, whole, text from sample order by rowid");
        expect(found.map(({ whole, ...rest }) => ({ ...rest, whole: BigInt(whole as number) }))).toEqual(
          rows.map(({ number, ...rest }) => ({ ...rest, number: number === 0 ? expect.closeTo(0, 300) : number })),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe("appending", () => {
  it("leaves columns NULL that a row does not have, row by row", async () => {
    await warehouse.append("sample", [{ whole: 1 }, { text: "b", whole: 2 }, {}]);
    expect(await warehouse.rows("select whole, text from sample order by whole nulls last")).toEqual([
      { whole: 1, text: null },
      { whole: 2, text: "b" },
      { whole: null, text: null },
    ]);
  });

  it("leaves out members that name no column", async () => {
    await warehouse.append("sample", [{ whole: 1, nowhere: "x" }]);
    expect(await warehouse.rows("select whole from sample")).toEqual([{ whole: 1 }]);
  });

  it("takes the columns by name, not by place", async () => {
    await warehouse.append("sample", [{ text: "a", small: 1, whole: 2 }]);
    expect(await warehouse.row("select whole, small, text from sample")).toEqual({ whole: 2, small: 1, text: "a" });
  });

  it("does nothing with no rows", async () => {
    await warehouse.append("sample", []);
    expect(await warehouse.rows("from sample")).toEqual([]);
  });

  it("takes many rows at once", async () => {
    await warehouse.append(
      "sample",
      Array.from({ length: 50_000 }, (_, whole) => ({ whole, text: `row ${whole}` })),
    );
    expect(await warehouse.row("select count(*) as rows, sum(whole) as sum, max(text) as last from sample")).toEqual({
      rows: 50_000,
      sum: 1_249_975_000,
      last: "row 9999",
    });
  });

  it.each([
    ["a text for a number", { whole: "Jane Roe" }],
    ["a day that is none", { day: "2023-02-29" }],
    ["a number that is too large", { small: 2 ** 40 }],
    ["half a character", { text: "Jane Roe \ud83c" }],
    ["a text that is no JSON", { document: "Jane 'Roe'" }],
  ])("refuses all rows because of %s, and says so without the value", async (_, wrong) => {
    const error = await failureOf(warehouse.append("sample", [{ whole: 1 }, wrong]));
    expect(error.code).toBe("QUERY_FAILED");
    expect(error.message).toMatch(/^The rows do not fit into sample, none was appended: \w/);
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(/Jane|Roe|02-29|1099511627776/);
    expect(await warehouse.rows("from sample")).toEqual([]);
  });

  it("refuses a row without what must be there", async () => {
    const error = await failureOf(warehouse.append("cdm.person", [{ person_id: 1 }]));
    expect(error.message).toMatch(/NOT NULL constraint failed: person\.\w+/);
  });
});

describe("a value of a query", () => {
  it.each<[string, Value]>([
    ["sum(range::bigint) from range(5)", 10],
    ["9007199254740993::hugeint", 9007199254740993n],
    ["1.50::decimal(5, 2)", 1.5],
    ["timestamp_s '2020-01-02 03:04:05'", "2020-01-02T03:04:05"],
    ["timestamp_ns '2020-01-02 03:04:05.123456789'", "2020-01-02T03:04:05.123456789"],
    ["time '03:04:05'", "03:04:05"],
    ["map {'a': [1]}", { a: [1] }],
    ["[1, 2]::integer[2]", [1, 2]],
    ["interval 3 days", "3 days"],
    ["'low'::enum('low', 'high')", "low"],
  ])("is plain JavaScript: %s", async (sql, value) => {
    expect(await warehouse.row(`select ${sql.replace(/( from .*)?$/, " as value$1")}`)).toEqual({ value });
  });
});
