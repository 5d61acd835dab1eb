import { describe, expect, it } from "vitest";
import { softwareVersion } from "../../src/version.ts";
import { defineTables } from "../../src/warehouse/define-tables.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";

const define = (warehouse: Warehouse, sql: string, rows: "kept" | "made anew" = "kept") =>
  warehouse.transaction(() => defineTables(warehouse, { part: "test", sql, rows }));

/** What a table with this column and value has in it when the column is another. */
async function becomes(before: string, value: string, after: string): Promise<unknown> {
  await using warehouse = await openWarehouse(":memory:");
  await define(warehouse, `create table if not exists results.t (a ${before});`);
  await warehouse.run(`insert into results.t select ${value}`);
  await define(warehouse, `create table if not exists results.t (b integer, a ${after});`);
  return (await warehouse.row<{ a: unknown }>("select a from results.t"))!.a;
}

describe("a table that is defined otherwise than before", () => {
  it.each<[string, string, string, string, unknown]>([
    ["the same", "varchar", "'x'", "varchar", "x"],
    ["a number as text", "integer", "7", "varchar", "7"],
    ["a text that is a number", "varchar", "'7'", "integer", 7],
    ["a text that is none", "varchar", "'x'", "integer", null],
    ["a new member", "struct(x varchar)", "{x: '1'}", "struct(y varchar, x varchar)", { x: "1", y: null }],
    ["a member that is gone", "struct(x varchar, y integer)", "{x: '1', y: 2}", "struct(x varchar)", { x: "1" }],
    [
      "members deep within",
      "struct(x struct(y varchar)[])",
      "{x: [{y: '1'}, {y: null}]}",
      "struct(x struct(y varchar, z double)[])",
      {
        x: [
          { y: "1", z: null },
          { y: null, z: null },
        ],
      },
    ],
    ["an object kept as text", "varchar", `'{"x":"1"}'`, "struct(x varchar)", { x: "1" }],
    ["a text that is no object", "varchar", "'{x'", "struct(x varchar)", null],
    ["an object that becomes text", "struct(x varchar)", "{x: '1'}", "varchar", '{"x":"1"}'],
    ["nothing", "struct(x varchar)", "null", "struct(x varchar, y varchar)", null],
  ])("takes over %s", async (_, before, value, after, wanted) => {
    expect(await becomes(before, value, after)).toEqual(wanted);
  });

  it("is of the types that are defined otherwise too", async () => {
    await using warehouse = await openWarehouse(":memory:");
    const types = (members: string) => `create type if not exists results.inner_type as struct(${members});
create type if not exists results.outer_type as struct(i results.inner_type[]);
create table if not exists results.t (id integer not null, a results.outer_type);`;
    await define(warehouse, types("x varchar"));
    await warehouse.run("insert into results.t values (1, {i: [{x: 'kept'}]})");
    await define(warehouse, types("new boolean, x varchar"));
    expect(await warehouse.rows("from results.t")).toEqual([{ id: 1, a: { i: [{ new: null, x: "kept" }] } }]);
    await expect(warehouse.run("insert into results.t (a) values (null)")).rejects.toThrow("NOT NULL");
  });

  it("is empty where its rows are made anew", async () => {
    await using warehouse = await openWarehouse(":memory:");
    await define(warehouse, "create table if not exists results.t (a integer);", "made anew");
    await warehouse.run("insert into results.t values (1)");
    await define(warehouse, "create table if not exists results.t (a integer, b integer not null);", "made anew");
    expect(await warehouse.rows("from results.t")).toEqual([]);
  });

  it("keeps its rows when only a comment, or another table, is new", async () => {
    await using warehouse = await openWarehouse(":memory:");
    const one = "create table if not exists results.t (a integer);\n";
    await define(warehouse, one);
    await warehouse.run("insert into results.t values (1)");
    await define(warehouse, `-- A comment.\n${one}create table if not exists results.u (a integer);`);
    expect(await warehouse.rows("from results.t")).toEqual([{ a: 1 }]);
  });
});

describe("a warehouse of a later release", () => {
  it("is refused for writing where its tables are others, and stays as it is", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    {
      await using warehouse = await openWarehouse(file);
      await warehouse.run("update meta.layout set software_version = '10.0.0', hash = 'another'");
    }
    expect(await failureOf(openWarehouse(file))).toMatchObject({
      code: "WAREHOUSE_INVALID",
      message:
        `${file} was made by omopipe 10.0.0, and this is ${softwareVersion}, which does not know its tables. ` +
        "Use omopipe 10.0.0 or later: npm install omopipe@latest",
    });
    await using reading = await openWarehouse(file, { readOnly: true });
    expect(await reading.rows("select software_version from meta.layout")).toEqual([{ software_version: "10.0.0" }]);
  });

  it("is opened where its tables are the same", async () => {
    await using folder = await openFolder();
    const file = folder.file("warehouse.duckdb");
    {
      await using warehouse = await openWarehouse(file);
      await warehouse.run("update meta.layout set software_version = '10.0.0'");
    }
    await (await openWarehouse(file)).close();
  });
});
