import { readFile } from "node:fs/promises";
import { RecordBatchReader, type Table, tableFromIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { arrow } from "../../src/export/arrow.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { type Folder, openFolder } from "../support/folder.ts";

async function written(folder: Folder, warehouse: Warehouse, table: string): Promise<Table> {
  await pipeline(mappedWarehouse(), arrow(folder.path, { tables: [table] })).run(warehouse);
  return tableFromIPC(await readFile(folder.file(`${table}.arrow`)));
}

/** The numbers behind a fixed-width column, as the file holds them; NULL is 0 there. */
const raw = (table: Table, column: string): unknown[] =>
  table.getChild(column)!.data.flatMap(({ values, length }) => [...(values as Iterable<unknown>)].slice(0, length));

describe("an Arrow file", () => {
  it("has every type of a warehouse, each as precise as it is there, and NULL", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await warehouse.run(`
      create table results.risk_score (whole bigint, small integer, number double, yes boolean, text varchar, day date,
        moment timestamp);
      insert into results.risk_score values
        (9007199254740993, -5, 0.1, true, 'Ærø "東京"', date '1899-12-30', timestamp '1899-12-30 23:59:59.999999'),
        (null, null, null, null, null, null, null),
        (-9223372036854775808, 2147483647, 'NaN', false, '', date '2024-02-29', timestamp '2024-02-29 00:00:00.000001')`);
    const table = await written(folder, warehouse, "risk_score");
    expect(table.schema.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
      "whole Int64 true",
      "small Int32 true",
      "number Float64 true",
      "yes Bool true",
      "text Utf8 true",
      "day Date32<DAY> true",
      "moment Timestamp<MICROSECOND> true",
    ]);
    expect([...table.getChild("whole")!]).toEqual([9007199254740993n, null, -9223372036854775808n]);
    expect([...table.getChild("small")!]).toEqual([-5, null, 2147483647]);
    expect([...table.getChild("number")!]).toEqual([0.1, null, Number.NaN]);
    expect([...table.getChild("yes")!]).toEqual([true, null, false]);
    expect([...table.getChild("text")!]).toEqual(['Ærø "東京"', null, ""]);
    expect(raw(table, "day")).toEqual([-25_569, 0, 19_782]);
    expect(raw(table, "moment")).toEqual([-2_209_075_200_000_001n, 0n, 1_709_164_800_000_001n]);
    for (const { name } of table.schema.fields) {
      expect(table.getChild(name)!.nullCount, name).toBe(1);
      expect(table.getChild(name)!.isValid(1), name).toBe(false);
    }
  });

  it("has a column that is NULL from the first row to the last", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [1, 2, 3].map((id) => person(id)) });
    const table = await written(folder, warehouse, "person");
    for (const column of ["birth_datetime", "person_source_value", "provider_id"]) {
      expect([...table.getChild(column)!], column).toEqual([null, null, null]);
    }
  });

  it("has large tables in several record batches, each row once", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await warehouse.run(`
      create table results.risk_score as
      select range as id, date '1970-01-01' + range::integer as day, 'row ' || range as text,
        case when range % 3 = 0 then range end as third
      from range(110000)`);
    const table = await written(folder, warehouse, "risk_score");
    expect(table.numRows).toBe(110_000);
    expect(table.batches.length).toBeGreaterThan(10);
    const column = (name: string) => [...table.getChild(name)!];
    const ids = column("id").map(Number);
    expect(new Set(ids).size).toBe(110_000);
    expect(column("text")).toEqual(ids.map((id) => `row ${id}`));
    expect(column("third")).toEqual(ids.map((id) => (id % 3 === 0 ? BigInt(id) : null)));
    expect(raw(table, "day")).toEqual(ids);
  });

  it.each([2047, 2048, 2049, 4096])("is whole at the edge of a batch: %i rows", async (rows) => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await warehouse.run(`create table results.risk_score as select range as n from range(${rows})`);
    const table = await written(folder, warehouse, "risk_score");
    expect([...table.getChild("n")!].map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: rows }, (_, i) => i),
    );
  });

  it("has columns and no rows for an empty table that was named", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    const table = await written(folder, warehouse, "death");
    expect([table.numRows, table.schema.names]).toEqual([
      0,
      (await warehouse.columns("cdm.death")).map(({ name }) => name),
    ]);
  });

  it("can be read batch by batch from a stream of its bytes", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": Array.from({ length: 3000 }, (_, i) => person(i)) });
    await written(folder, warehouse, "person");
    let rows = 0;
    const reader = await RecordBatchReader.from(await readFile(folder.file("person.arrow")));
    for await (const batch of reader) rows += batch.numRows;
    expect(rows).toBe(3000);
  });

  it("is written for all tables that have rows when none are named", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)], "cdm.location": [{ location_id: 1 }] });
    await pipeline(mappedWarehouse(), arrow(folder.path)).run(warehouse);
    expect(await folder.list()).toEqual(["location.arrow", "person.arrow"]);
  });

  it("is refused for a type that it has no counterpart for, naming the column", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await warehouse.run("create table results.risk_score as select interval 3 days as lasting");
    const { code, message } = await failureOf(written(folder, warehouse, "risk_score"));
    expect(code).toBe("EXPORT_FAILED");
    expect(message).toContain("Column lasting");
    expect(await folder.list()).toEqual([]);
  });
});
