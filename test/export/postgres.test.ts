import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cdmTables } from "../../schemas/cdm.ts";
import { postgres } from "../../src/export/postgres.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../src/warehouse/warehouse.ts";
import { concept, measurement, openCdm, person } from "../support/cdm.ts";
import { omopipe } from "../support/command.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";
import { hasPostgres, openPostgres, type PostgresServer } from "../support/postgres.ts";

const odd = 'a\ttab, a\nline, a\r return, a \\ backslash, \\N, "quotes", é中';
const largest = 2 ** 53 - 1;
const note = { note_date: "2020-01-01", note_type_concept_id: 0, note_class_concept_id: 0 };
const language = { encoding_concept_id: 0, language_concept_id: 0 };
const rows = {
  "cdm.person": [person(1, { person_source_value: "" }), person(largest)],
  "cdm.measurement": [
    measurement(
      1,
      "2020-02-29",
      { value: "x" },
      { value_as_number: 0.00012, measurement_datetime: "2020-02-29 01:02:03" },
    ),
  ],
  "cdm.note": [{ note_id: 1, person_id: 1, ...note, ...language, note_text: odd }],
  "vocab.concept": [concept(8532, "Gender", "F")],
};
const write = (warehouse: Warehouse, connection: string, schema?: string) =>
  pipeline(mappedWarehouse(), postgres({ connection, schema })).run(warehouse);

describe.skipIf(!hasPostgres)(
  "postgres (skipped without PostgreSQL: apt-get install postgresql)",
  { timeout: 60_000 },
  () => {
    let server: PostgresServer;
    let client: pg.Client;
    const ask = async (sql: string) => (await client.query(sql)).rows;

    beforeAll(async () => {
      server = await openPostgres();
      client = new pg.Client({ connectionString: server.connection });
      await client.connect();
    }, 120_000);
    afterAll(async () => {
      await client?.end();
      await server?.[Symbol.asyncDispose]();
    });

    it("has the 39 tables with the names, types and keys of OHDSI, whole numbers as bigint", async () => {
      await using warehouse = await openCdm(rows);
      await write(warehouse, server.connection);
      const columns = await ask(
        `select table_name, column_name, data_type, character_maximum_length as length, is_nullable = 'NO' as required
       from information_schema.columns where table_schema = 'cdm' order by table_name, ordinal_position`,
      );
      const typeOf = (type: string) =>
        ({ integer: "bigint", timestamp: "timestamp without time zone" })[type] ??
        (type.startsWith("varchar") ? "character varying" : type);
      const wanted = cdmTables
        .toSorted((a, b) => (a.table < b.table ? -1 : 1))
        .flatMap(({ table, columns }) =>
          columns.map(({ name, type, required }) => ({
            table_name: table,
            column_name: name,
            data_type: typeOf(type),
            length: type.startsWith("varchar") ? Number(/\d+/.exec(type)![0]) : null,
            required,
          })),
        );
      expect(columns).toEqual(wanted);
      const keys = await ask(
        `select count(*)::int as keys from information_schema.table_constraints
       where table_schema = 'cdm' and constraint_type = 'PRIMARY KEY' and constraint_name = 'xpk_' || table_name`,
      );
      expect(keys).toEqual([{ keys: cdmTables.filter((t) => t.columns.some(({ primaryKey }) => primaryKey)).length }]);
    });

    it("has the values as they are, with every sign that COPY means something by, and nothing is not an empty text", async () => {
      await using warehouse = await openCdm(rows);
      await write(warehouse, server.connection, "values");
      expect(await ask("select note_text, note_title from values.note")).toEqual([
        { note_text: odd, note_title: null },
      ]);
      expect(await ask("select person_id, person_source_value from values.person order by person_id")).toEqual([
        { person_id: "1", person_source_value: "" },
        { person_id: String(largest), person_source_value: null },
      ]);
      expect(
        await ask("select value_as_number, measurement_date::text, measurement_datetime::text from values.measurement"),
      ).toEqual([
        { value_as_number: "0.00012", measurement_date: "2020-02-29", measurement_datetime: "2020-02-29 01:02:03" },
      ]);
      expect(await ask("select concept_code from values.concept")).toEqual([{ concept_code: "F" }]);
    });

    it("replaces what was there, and leaves views and rights alone", async () => {
      await using before = await openCdm(rows);
      await write(before, server.connection, "again");
      await client.query(
        "create view again.women as select person_id from again.person where gender_concept_id = 8532",
      );
      await using after = await openCdm({ "cdm.person": [person(7)] });
      await write(after, server.connection, "again");
      expect(await ask("select person_id from again.women")).toEqual([{ person_id: "7" }]);
      expect(await ask("select note_id from again.note")).toEqual([]);
    });

    it("takes no more rights than to empty and fill, where its tables are there", async () => {
      await using warehouse = await openCdm(rows);
      await write(warehouse, server.connection, "given");
      await ask("create role etl login");
      await ask("grant usage on schema given to etl");
      await ask("grant insert, truncate on all tables in schema given to etl");
      await warehouse.append("cdm.person", [person(2)]);
      await write(warehouse, server.connection.replace("//omop@", "//etl@"), "given");
      expect(await ask("select count(*)::int as n from given.person")).toEqual([{ n: 3 }]);
      const error = await failureOf(write(warehouse, server.connection.replace("//omop@", "//etl@"), "others"));
      expect(error.message).toContain("permission denied for database");
    });

    it("is as it was when a row does not fit, and says where without its value", async () => {
      await using good = await openCdm(rows);
      await write(good, server.connection, "kept");
      await using bad = await openCdm({ "cdm.person": [person(5), person(5)] });
      const twice = await failureOf(write(bad, server.connection, "kept"));
      expect(twice).toMatchObject({ code: "EXPORT_FAILED", message: expect.stringMatching(/person.*SQLSTATE 23505/) });
      await using long = await openCdm({
        "cdm.person": [person(6, { person_source_value: `Miller${"x".repeat(50)}` })],
      });
      const tooLong = await failureOf(write(long, server.connection, "kept"));
      expect(tooLong.message).toMatch(/COPY person, line 1, column person_source_value.*SQLSTATE 22001/);
      expect(`${tooLong.message}${String(tooLong.cause)}`).not.toContain("Miller");
      expect(await ask("select count(*)::int as persons from kept.person")).toEqual([{ persons: 2 }]);
    });

    it("takes many rows without holding them", async () => {
      await using warehouse = await openWarehouse(":memory:");
      await warehouse.run(
        `insert into cdm.person by name
       select range + 1 as person_id, 0 as gender_concept_id, 1950 as year_of_birth, 0 as race_concept_id, 0 as ethnicity_concept_id,
         repeat('x', 40) as person_source_value
       from range(300000)`,
      );
      const before = process.memoryUsage().arrayBuffers;
      await write(warehouse, server.connection, "many");
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30_000_000);
      expect(await ask("select count(*)::int as persons from many.person")).toEqual([{ persons: 300_000 }]);
    });

    it("is stopped by the signal of its run", async () => {
      await using warehouse = await openCdm(rows);
      const stopped = pipeline(mappedWarehouse(), postgres({ connection: server.connection, schema: "stopped" }));
      const error = await failureOf(stopped.run(warehouse, { signal: AbortSignal.timeout(5) }));
      expect(error.code).toBe("ABORTED");
      expect(await ask("select 1 from information_schema.tables where table_schema = 'stopped'")).toEqual([]);
    });

    it("is written to by omopipe export, with the connection from the environment", async () => {
      await using folder = await openFolder();
      const file = folder.file("warehouse.duckdb");
      await (await openCdm(rows, file)).close();
      const to = ["export", "--warehouse", file, "--format", "postgres", "--schema", "exported"];
      const { code, stdout } = await omopipe(to, server.environment);
      expect([code, stdout]).toEqual([0, "The tables are in schema exported of PostgreSQL\n"]);
      expect(await ask("select count(*)::int as persons from exported.person")).toEqual([{ persons: 2 }]);
    });
  },
);

describe("postgres where there is no server", () => {
  it("says what could not be reached, and that it may be tried again", async () => {
    await using warehouse = await openCdm(rows);
    const error = await failureOf(write(warehouse, "postgres://omop@127.0.0.1:1/omop"));
    expect(error).toMatchObject({ code: "EXPORT_FAILED", stage: "postgres", retryable: true });
    expect(error.message).toContain("127.0.0.1:1");
  });
});
