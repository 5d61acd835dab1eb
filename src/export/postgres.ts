import { Readable } from "node:stream";
import { pipeline as stream } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { type CdmColumn, type CdmTable, cdmTables } from "../../schemas/cdm.ts";
import type { Filled } from "../omop/map-to-omop.ts";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { Stage, StageContext } from "../pipeline/stage.ts";
import { identifier } from "../warehouse/sql-text.ts";
import type { Warehouse } from "../warehouse/warehouse.ts";

/** Where the CDM is written to. */
export interface PostgresOptions {
  /**
   * `postgres://user@host/database`. What it does not say comes from the environment variables of PostgreSQL's own programs: PGHOST,
   * PGPORT, PGUSER, PGDATABASE, and PGPASSWORD, which is where a password belongs. Default: all of it from there.
   */
  readonly connection?: string | undefined;
  /** The schema, made where it does not exist. Default "cdm". */
  readonly schema?: string | undefined;
}

/**
 * Writes the CDM to PostgreSQL (12 or newer) by COPY: all 39 tables of OMOP CDM 5.4, with the names, types and primary keys of
 * OHDSI's DDL, except that whole numbers are BIGINT, since ids go beyond 32 bits. Tables that are there are emptied and filled again,
 * with views, indexes and rights left alone; all in one transaction, so that other clients wait for the end and never see half.
 * Rows are sent as they are read, so memory stays flat. Throws EXPORT_FAILED with PostgreSQL's reason, without values of the data.
 *
 * @example
 * await pipeline(mappedWarehouse(), postgres({ connection: "postgres://etl@db.example/omop", schema: "cdm" })).run(warehouse);
 */
export function postgres({ connection, schema = "cdm" }: PostgresOptions = {}): Stage<Filled, void, Warehouse> {
  return {
    name: "postgres",
    async execute(_filled, context) {
      const client = new pg.Client(connection === undefined ? {} : { connectionString: connection });
      // What goes wrong is seen by the call that waits for an answer.
      client.on("error", () => {});
      const stop = () => void client.end();
      context.signal.addEventListener("abort", stop, { once: true });
      try {
        await client.connect();
        await client.query("begin");
        await createTables(client, schema);
        for (const [done, table] of cdmTables.entries()) {
          await copyTable(client, schema, table, context);
          context.progress({ done: done + 1, total: cdmTables.length, unit: "tables" });
        }
        await client.query("commit");
      } catch (error) {
        context.signal.throwIfAborted();
        throw error instanceof OmopipeError ? error : refused(error);
      } finally {
        context.signal.removeEventListener("abort", stop);
        // With the connection goes a transaction that did not come to its end.
        await client.end().catch(() => {});
      }
    },
  };
}

/** Makes what is not there. PostgreSQL refuses `if not exists` to who may not make anything, also where it exists. */
async function createTables(client: pg.Client, schema: string): Promise<void> {
  const schemas = await client.query("select from pg_namespace where nspname = $1", [schema]);
  if (schemas.rowCount === 0) await client.query(`create schema ${identifier(schema)}`);
  const relations = await client.query<{ relname: string }>(
    "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace where nspname = $1",
    [schema],
  );
  const there = new Set(relations.rows.map(({ relname }) => relname));
  for (const table of cdmTables.filter((each) => !there.has(each.table))) {
    await client.query(createTable(schema, table));
  }
  await client.query(`truncate ${cdmTables.map(({ table }) => nameIn(schema, table)).join(", ")}`);
}

const nameIn = (schema: string, table: string) => `${identifier(schema)}.${identifier(table)}`;

function createTable(schema: string, { table, columns }: CdmTable): string {
  const lines = columns.map(
    (column) => `${identifier(column.name)} ${postgresType(column)}${column.required ? " not null" : ""}`,
  );
  const key = columns.find(({ primaryKey }) => primaryKey);
  if (key) lines.push(`constraint ${identifier(`xpk_${table}`)} primary key (${identifier(key.name)})`);
  return `create table ${nameIn(schema, table)} (${lines.join(", ")})`;
}

const postgresType = ({ type }: CdmColumn) => (type === "integer" ? "bigint" : type);

async function copyTable(
  client: pg.Client,
  schema: string,
  { table, columns }: CdmTable,
  { target: warehouse, signal }: StageContext<Warehouse>,
): Promise<void> {
  const names = columns.map(({ name }) => identifier(name)).join(", ");
  const lines = columns.map((column) => textOf(column)).join(" || chr(9) || ");
  const batches = warehouse.stream<{ line: string }>(
    `select ${lines} || chr(10) as line from cdm.${identifier(table)}`,
    {
      signal,
    },
  );
  const texts = async function* () {
    for await (const rows of batches) yield rows.map(({ line }) => line).join("");
  };
  await stream(Readable.from(texts()), client.query(copyFrom(`copy ${nameIn(schema, table)} (${names}) from stdin`)), {
    signal,
  });
}

/** A value in the text form of COPY: NULL as \N; a backslash, a tab and the ends of lines escaped. PostgreSQL's texts have no NUL. */
function textOf({ name, type }: CdmColumn): string {
  const text = `${identifier(name)}::varchar`;
  if (!/char|text/.test(type)) return `coalesce(${text}, '\\N')`;
  const escaped = [
    ["'\\'", "'\\\\'"],
    ["chr(9)", "'\\t'"],
    ["chr(10)", "'\\n'"],
    ["chr(13)", "'\\r'"],
    ["chr(0)", "''"],
  ].reduce((sql, [from, to]) => `replace(${sql}, ${from}, ${to})`, text);
  return `coalesce(${escaped}, '\\N')`;
}

/** PostgreSQL's message may quote a value, and its detail a row: of data that does not fit only table, column and kind are said. */
function refused(error: unknown): OmopipeError {
  const { code, table, column, where } = error as { code?: string; table?: string; column?: string; where?: string };
  const ofData = code !== undefined && /^2[23]/.test(code);
  const place = table
    ? [table, column].filter(Boolean).join(".")
    : /^COPY (\w+)(?:, line \d+)?(?:, column \w+)?/.exec(where ?? "")?.[0];
  const said = ofData
    ? `data does not fit${place ? ` (${place})` : ""}, SQLSTATE ${code}`
    : messageOf(error) || String(code);
  return new OmopipeError(
    "EXPORT_FAILED",
    `PostgreSQL could not be written to, and is as it was: ${said}. Connection: PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD.`,
    { ...(ofData ? {} : { cause: error }), retryable: code === "ECONNREFUSED" },
  );
}
