import { fileURLToPath } from "node:url";
import { fhirFiles, mapToOmop, openWarehouse, pipeline } from "omopipe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mapPlainly } from "../../bench/plain/map-plainly.ts";
import { cdmTables } from "../../schemas/cdm.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { type Folder, openFolder } from "../support/folder.ts";

// What the benchmark holds the library against must do the same job: the same rows, but for their ids.

const sampleData = fileURLToPath(new URL("../../sample-data", import.meta.url));
let folder: Folder;
let warehouse: Warehouse;

beforeAll(async () => {
  folder = await openFolder();
  const data = `${sampleData}/fhir/ndjson`;
  const vocabulary = `${sampleData}/vocabulary`;
  warehouse = await openWarehouse(":memory:", { vocabulary });
  await pipeline(fhirFiles(data), mapToOmop()).run(warehouse);
  await mapPlainly(data, folder.path, vocabulary);
  await warehouse.run(`attach '${folder.file("plain.duckdb")}' as plain (read_only)`);
  for (const [way, lineage] of [
    ["whole", "mapping.lineage"],
    ["plain", "plain.lineage"],
  ]) {
    await warehouse.run(
      `create temp table record_${way} as
       select cdm_table, cdm_id,
         string_agg(concat_ws('/', resource_type, resource_id, part, target, imputed), ' ' order by all) as name
       from ${lineage} group by all`,
    );
  }
});

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** The rows of a table with the records that their ids mean, in place of the ids. */
async function namedRows(way: "whole" | "plain", table: string): Promise<string> {
  const columns = cdmTables.find((cdmTable) => cdmTable.table === table)!.columns.map(({ name }) => name);
  const present = new Set(
    (await warehouse.columns(way === "whole" ? `cdm.${table}` : `plain.${table}`)).map((c) => c.name),
  );
  const named: Readonly<Record<string, string>> = {
    [`${table}_id`]: table,
    person_id: "person",
    location_id: "location",
    visit_occurrence_id: "visit_occurrence",
    preceding_visit_occurrence_id: "visit_occurrence",
  };
  const values = columns.map((column) => {
    if (!present.has(column) || column === "location_source_value") return `null as ${column}`;
    if (named[column] === undefined) return column;
    return `(select name from record_${way} r where r.cdm_table = '${named[column]}' and r.cdm_id = t.${column}) as ${column}`;
  });
  return `select ${values.join(", ")} from ${way === "whole" ? "cdm" : "plain"}.${table} t`;
}

describe("the plain way of the benchmark", () => {
  const tables = cdmTables.filter(({ group }) => group === "cdm").map(({ table }) => table);
  /** What says how, and on which day, the CDM was made. */
  const aboutTheMaking = ["cdm_source", "metadata"];

  test.for(tables.filter((table) => !aboutTheMaking.includes(table)))("has the rows of %s", async (table) => {
    const [{ rows } = { rows: 0 }] = await warehouse.rows<{ rows: number }>(
      `select count(*)::integer as rows from cdm.${table}`,
    );
    const plainTables = await warehouse.rows<{ table_name: string }>(
      "select table_name from duckdb_tables() where database_name = 'plain'",
    );
    if (!plainTables.some(({ table_name }) => table_name === table)) {
      expect(rows).toBe(0);
      return;
    }
    const whole = await namedRows("whole", table);
    const plain = await namedRows("plain", table);
    expect(await warehouse.rows(`${whole} except all ${plain}`)).toEqual([]);
    expect(await warehouse.rows(`${plain} except all ${whole}`)).toEqual([]);
  });

  test("drops the same records for the same reasons", async () => {
    const dropped = (table: string) =>
      warehouse.rows(`select resource_type, resource_id, part, reason from ${table} order by all`);
    const byPlain = await dropped("plain.dropped");
    expect(byPlain).toEqual(await dropped("mapping.dropped"));
    expect(byPlain.length).toBeGreaterThan(0);
  });
});
