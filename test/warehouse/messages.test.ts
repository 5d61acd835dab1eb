import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { failureOf } from "../support/failure.ts";

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openWarehouse(":memory:");
  await warehouse.run("create table meta.person (name varchar, born date, number integer unique check (number > 0))");
});
afterAll(() => warehouse.close());

const secret = `O'Brien, "Molly" 19990102`;

test.each([
  ["a text that is no number", "select $1::integer", secret],
  ["a text that is no date", "insert into meta.person (born) select $1", secret],
  ["a text that is no time", "select $1::timestamp", secret],
  ["a text that is no boolean", "select $1::boolean", secret],
  ["a text that speaks of a file", "select $1::integer", `in file "${secret}"`],
  ["a text of several lines", "select $1::integer", `${secret}\n${secret}`],
  ["a number that is too big", "select $1::bigint::tinyint", "19990102"],
  ["a sum that is too big", "select $1::bigint * 9223372036854775807", "19990102"],
  ["a decimal that is too big", "select $1::double::decimal(3, 1)", "19990102"],
  ["what is no JSON", "select json($1)", secret],
  ["JSON of another type", 'select json_transform_strict($1::json, \'{"a":"INTEGER"}\')', '{"a":"O\'Brien 19990102"}'],
  ["JSON that is no object", "select $1::json::struct(a integer)", '"O\'Brien 19990102"'],
  ["a date in another format", "select strptime($1, '%Y-%m-%d')", secret],
])("an error does not quote %s", async (_, sql, value) => {
  const failure = await failureOf(warehouse.run(sql, [value]));
  expect(failure.code).toBe("QUERY_FAILED");
  for (let error: unknown = failure; error instanceof Error; error = error.cause) {
    expect(error.message).not.toMatch(/Brien|Molly|19990102/);
  }
});

test("an error does not quote the key that is there twice", async () => {
  await warehouse.run("insert into meta.person (number) values (19990102)");
  const failure = await failureOf(warehouse.run("insert into meta.person (number) select $1", [19990102]));
  expect(failure.message).not.toContain("19990102");
});

test("it still says what is wrong, and where", async () => {
  const failure = await failureOf(warehouse.run("select\n  'x'::integer"));
  expect(failure.message).toBe(
    "Conversion Error: Could not convert string … to INT32\n\nLINE 2:   'x'::integer\n             ^",
  );
});

test.each(['{"a":{"b":"O\'Brien: 19990102"}}', '{"a":["O\'Brien"]}', '{"a":[19990102]}', '{"a":"O\'Brien'])(
  "an error of a JSON file names the file, not the value: %s",
  async (line) => {
    const folder = await mkdtemp(join(tmpdir(), "omopipe-messages-"));
    try {
      const path = join(folder, "a.ndjson");
      await writeFile(path, `${line}\n`);
      const { message } = await failureOf(warehouse.run(`from read_ndjson('${path}', columns => {'a': 'integer'})`));
      expect(message).toContain(path);
      expect(message).not.toMatch(/Brien|19990102/);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

test("names of columns and tables stay", async () => {
  expect((await failureOf(warehouse.run("select nothing from meta.person"))).message).toContain('"nothing"');
  expect((await failureOf(warehouse.run("from meta.nobody"))).message).toContain("nobody");
});
