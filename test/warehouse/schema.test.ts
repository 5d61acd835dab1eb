import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { cdmTables } from "../../schemas/cdm.ts";
import { literal } from "../../src/warehouse/sql-text.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";

const warehouse = await openWarehouse(":memory:");
afterAll(() => warehouse.close());

describe("a new warehouse", () => {
  it("has seven schemas", async () => {
    const schemas = await warehouse.rows<{ name: string }>(
      "select schema_name as name from duckdb_schemas() where not internal and schema_name <> 'main' order by name",
    );
    expect(schemas.map(({ name }) => name)).toEqual([
      "cdm",
      "features",
      "landing",
      "mapping",
      "meta",
      "results",
      "vocab",
    ]);
  });

  it("answers under cdm to the 39 names of OMOP CDM 5.4", async () => {
    const tables = await warehouse.rows<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'cdm' order by name",
    );
    expect(tables).toHaveLength(39);
    expect(tables.map(({ name }) => name)).toEqual(cdmTables.map(({ table }) => table).sort());
  });

  it.each(cdmTables.map(({ table, columns }) => [table, columns] as const))(
    "has the columns of the specification in %s, in order and with their types",
    async (table, columns) => {
      const duckdbType: Record<string, string> = { integer: "BIGINT", numeric: "DOUBLE", date: "DATE" };
      const found = await warehouse.columns(`cdm.${table}`);
      expect(found.map(({ name, type }) => [name, type.toString()])).toEqual(
        columns.map(({ name, type }) => [name, duckdbType[type] ?? (type === "timestamp" ? "TIMESTAMP" : "VARCHAR")]),
      );
    },
  );

  it("shows what is in vocab and results under cdm as well", async () => {
    await warehouse.run("insert into vocab.domain values ('Condition', 'Condition', 19)");
    await warehouse.run("insert into results.cohort values (1, 2, date '2020-01-01', date '2020-01-02')");
    expect(await warehouse.rows("from cdm.domain")).toEqual([
      { domain_id: "Condition", domain_name: "Condition", domain_concept_id: 19 },
    ]);
    expect(await warehouse.row("select subject_id from cdm.cohort")).toEqual({ subject_id: 2 });
  });
});

const published = fileURLToPath(new URL("../../../shared/data/omop-cdm-5.4/", import.meta.url));
const columnsFile = `${published}duckdb_ddl_columns.csv`;
const keysFile = `${published}duckdb_ddl_primary_keys.csv`;

describe.skipIf(!existsSync(columnsFile))(
  "beside OHDSI's own DDL (skipped without ../shared/data/omop-cdm-5.4)",
  () => {
    it("has the same names, in the same order, and NOT NULL at the same columns", async () => {
      const theirs = await warehouse.rows(
        `select table_name, column_name, not_null = 'Yes' as not_null
       from read_csv(${literal(columnsFile)}, all_varchar => true) order by table_name, ordinal::integer`,
      );
      const ours = await warehouse.rows(
        `select table_name, column_name, not is_nullable as not_null
       from duckdb_columns() where schema_name in ('cdm', 'vocab', 'results') and table_oid in (
         select table_oid from duckdb_tables())
       order by table_name, column_index`,
      );
      expect(theirs.length).toBeGreaterThan(400);
      expect(ours).toEqual(theirs);
    });

    it("knows the same primary keys", async () => {
      const theirs = await warehouse.rows(
        `select table_name, column_name from read_csv(${literal(keysFile)}, all_varchar => true) order by all`,
      );
      const ours = cdmTables.flatMap(({ table, columns }) =>
        columns.filter(({ primaryKey }) => primaryKey).map(({ name }) => ({ table_name: table, column_name: name })),
      );
      expect(ours.sort((a, b) => (a.table_name < b.table_name ? -1 : 1))).toEqual(theirs);
    });
  },
);
