import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  DuckDBInstance,
  type DuckDBResult,
  type DuckDBType,
  type DuckDBValue,
  ResultReturnType,
} from "@duckdb/node-api";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import type { RunLedger } from "../pipeline/pipeline.ts";
import type { Batch } from "../pipeline/stage.ts";
import { appendRows } from "./append.ts";
import { createCdmTables } from "./cdm-tables.ts";
import { connect } from "./connection.ts";
import { defineTables, type TableDefinitions } from "./define-tables.ts";
import { createLedger } from "./ledger.ts";
import { pathLiteral, sqlText } from "./sql-text.ts";
import { createStreams, type ResultChunk } from "./streams.ts";
import { type Row, toPlain } from "./values.ts";

/** How a warehouse is opened. */
export interface WarehouseOptions {
  /**
   * The vocabulary: a folder with an Athena download, or several folders and files, such as a download and a folder of one's
   * own with local concepts and SOURCE_TO_CONCEPT_MAP.csv. It is loaded when data is first mapped, and again when a file
   * changes. Default: the one that the warehouse was loaded with last.
   */
  readonly vocabulary?: string | readonly string[] | undefined;
  /** The folder for the databases that vocabularies are loaded into. Default: beside the files themselves. */
  readonly vocabularyCache?: string | undefined;
  /** How much memory DuckDB may use before it spills to disk. Default "1GB". */
  readonly memoryLimit?: string | undefined;
  /** Opens an existing file for reading only; other readers may have it open at the same time. Default false. */
  readonly readOnly?: boolean | undefined;
}

/** How a query is run. */
export interface QueryOptions {
  /** Interrupts the query, which then rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** The values bound to `$1`, `$2`, … of a statement. */
export type QueryParameters = readonly (string | number | bigint | boolean | null)[];

/** A statement that DuckDB has planned. Made by {@link Warehouse.plan}, and of use until the warehouse is closed. */
export interface PlannedStatement {
  /** Runs it, and gives its rows, or how many rows it changed. */
  run<R = Row>(parameters?: QueryParameters, options?: QueryOptions): Promise<{ rows: R[]; changed: number }>;
}

/** An open DuckDB database with the seven schemas of a warehouse. Made by {@link openWarehouse}. */
export interface Warehouse extends AsyncDisposable {
  /** The file, or ":memory:". */
  readonly path: string;
  /** How DuckDB calls the database: in SQL on another one that is open beside it, `<database>.cdm.person`. */
  readonly database: string;
  /** The folders and files of the vocabulary that the warehouse was opened with. */
  readonly vocabulary: readonly string[];
  /** The folder for the databases that vocabularies are loaded into; undefined: beside the files themselves. */
  readonly vocabularyCache: string | undefined;
  /** Where runs are written down: one row of `meta.run` each. None where the warehouse was opened for reading only. */
  readonly ledger: RunLedger | undefined;
  /** Runs one or several statements (with parameters: one) and drops what they return. */
  run(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<void>;
  /** All rows of a query, in memory: for results known to be small. */
  rows<R = Row>(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<R[]>;
  /** The first row of a query; undefined when there is none. */
  row<R = Row>(sql: string, parameters?: QueryParameters, options?: QueryOptions): Promise<R | undefined>;
  /**
   * Plans one statement, to be run many times without being planned again. Plans follow the values that the tables hold at the time;
   * see `keepPlans` for what that asks of them.
   */
  plan(sql: string): Promise<PlannedStatement>;
  /** The rows of a query of any size, batch by batch, on a connection of its own. */
  stream<R = Row>(sql: string, options?: QueryOptions): AsyncGenerator<Batch<R>>;
  /** The chunks of a query of any size as DuckDB holds them, with the result that describes their columns. */
  streamChunks(sql: string, options?: QueryOptions): AsyncGenerator<ResultChunk>;
  /** The columns of a table or query, in order. */
  columns(relation: string): Promise<{ name: string; type: DuckDBType }[]>;
  /**
   * Appends rows, given as objects, to a table ("results.risk_score"); columns that a row does not have become NULL,
   * members that name no column are left out. All are appended, or, when a value does not fit its column, none.
   */
  append(table: string, rows: Batch<object>): Promise<void>;
  /** Runs `work` in one transaction: all of it is kept, or nothing. Does not nest; streams do not see it before it ends. */
  transaction<R>(work: () => Promise<R>): Promise<R>;
  /**
   * Opens an empty warehouse in memory beside this one, with temporary tables of its own. Its SQL can read this one, and the
   * other way round, by the name of the database. Close it first.
   */
  openBeside(): Promise<Warehouse>;
  /** Interrupts what still runs, writes everything to the file and releases its lock. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens (and, where it does not exist, makes) a warehouse: a DuckDB file, or ":memory:". One that an earlier release made is brought
 * up to date.
 * Throws WAREHOUSE_LOCKED when another process writes to it, WAREHOUSE_INVALID when the file is no warehouse, or that of a
 * later release.
 *
 * @example
 * await using warehouse = await openWarehouse("warehouse.duckdb", { vocabulary: "athena/" });
 * console.log(await warehouse.rows("select count(*) as persons from cdm.person"));
 */
export async function openWarehouse(path: string, options: WarehouseOptions = {}): Promise<Warehouse> {
  const instance = await openInstance(path, options);
  return await openDatabase(path, options, instance, "warehouse", async () => instance.closeSync());
}

async function openDatabase(
  path: string,
  options: WarehouseOptions,
  instance: DuckDBInstance,
  database: string,
  release: () => Promise<void>,
): Promise<Warehouse> {
  const main = await connect(instance, database);
  const streams = createStreams(instance, database);
  let closed: Promise<void> | undefined;

  const query = async (sql: string, parameters?: QueryParameters, options?: QueryOptions) => {
    mustBeOpen();
    return await main.call((own) => (parameters ? own.run(sql, [...parameters]) : own.run(sql)), options?.signal);
  };
  const mustBeOpen = () => {
    if (closed) throw new OmopipeError("QUERY_FAILED", `The warehouse ${path} is closed.`);
  };
  const close = async () => {
    await streams.end();
    await main.close();
    // The order matters: an instance with an open connection keeps the lock on its file.
    await release();
  };

  const warehouse: Warehouse = {
    path,
    database,
    vocabulary: [options.vocabulary ?? []].flat(),
    vocabularyCache: options.vocabularyCache,
    get ledger() {
      return options.readOnly ? undefined : createLedger(warehouse);
    },
    async run(sql, parameters, options) {
      await query(sql, parameters, options);
    },
    async rows<R>(sql: string, parameters?: QueryParameters, options?: QueryOptions) {
      return (await rowsOf(await query(sql, parameters, options))) as R[];
    },
    async row<R>(sql: string, parameters?: QueryParameters, options?: QueryOptions) {
      return (await warehouse.rows<R>(sql, parameters, options))[0];
    },
    async plan(sql) {
      mustBeOpen();
      const statement = await main.call((own) => own.prepare(sql));
      return {
        async run<R>(parameters?: QueryParameters, options?: QueryOptions) {
          mustBeOpen();
          const result = await main.call(() => {
            if (parameters) statement.bind([...parameters]);
            return statement.run();
          }, options?.signal);
          const givesRows = result.returnType === ResultReturnType.QUERY_RESULT;
          return { rows: givesRows ? ((await rowsOf(result)) as R[]) : [], changed: result.rowsChanged };
        },
      };
    },
    async *stream<R>(sql: string, options?: QueryOptions) {
      for await (const { result, chunk } of warehouse.streamChunks(sql, options)) {
        const names = result.deduplicatedColumnNames();
        yield chunk.getRows().map((row) => toObject(names, row)) as R[];
      }
    },
    async *streamChunks(sql, options) {
      mustBeOpen();
      yield* streams.read(sql, options?.signal);
    },
    async columns(relation) {
      const result = await query(`from ${relation} limit 0`);
      return result.deduplicatedColumnNames().map((name, i) => ({ name, type: result.columnType(i) }));
    },
    append: (table, rows) => appendRows(warehouse, table, rows),
    async transaction(work) {
      await query("begin transaction");
      try {
        const result = await work();
        await query("commit");
        return result;
      } catch (error) {
        // A commit that failed has rolled back by itself.
        await query("rollback").catch(() => {});
        throw error;
      }
    },
    async openBeside() {
      const beside = `beside_${++opened}`;
      await query(attachment(":memory:", beside, "read_write"));
      return await openDatabase(":memory:", options, instance, beside, () => warehouse.run(`detach ${beside}`));
    },
    async close() {
      closed ??= close();
      await closed;
    },
    async [Symbol.asyncDispose]() {
      await warehouse.close();
    },
  };

  try {
    const made = !options.readOnly && (await warehouse.transaction(() => defineTables(warehouse, ownTables())));
    if (made && path !== ":memory:") await warehouse.run(`checkpoint ${database}`);
    return warehouse;
  } catch (error) {
    await warehouse.close();
    if (error instanceof OmopipeError && error.code === "WAREHOUSE_INVALID") throw error;
    throw new OmopipeError("WAREHOUSE_INVALID", `${path} could not be set up as a warehouse: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const ownTables = (): TableDefinitions => ({
  part: "warehouse",
  sql: `${sqlText(import.meta.url, "schema.sql")}\n${createCdmTables()}`,
  rows: "kept",
});

/**
 * Threads read and write a table by groups of rows. In DuckDB's own groups of 122,880 rows most resource types are one or two:
 * too few to be shared, and what is less than a group is compressed by one thread when the transaction ends.
 */
const rowsPerGroup = 30_720;

/**
 * The oldest DuckDB that can read a warehouse. Its way of compressing texts takes an eighth less time in landing than the one
 * before, and a third less space.
 */
const storageVersion = "v1.3.0";

function attachment(path: string, database: string, access: "read_only" | "read_write"): string {
  const storage = path !== ":memory:" && access === "read_write" ? `, storage_version '${storageVersion}'` : "";
  return `attach if not exists ${pathLiteral(path)} as ${database} (type duckdb, ${access}, row_group_size ${rowsPerGroup}${storage})`;
}

/** How many databases have been opened beside others. */
let opened = 0;

async function openInstance(path: string, options: WarehouseOptions): Promise<DuckDBInstance> {
  const inMemory = path === ":memory:";
  let instance: DuckDBInstance | undefined;
  try {
    // From the cache, by the name of its file: one that this process has open already is shared. Opened twice, it would be
    // written over.
    instance = await DuckDBInstance.fromCache(inMemory ? path : `:memory:${resolve(path)}`, {
      memory_limit: options.memoryLimit ?? "1GB",
      // Row order has no meaning in a warehouse; keeping it would hold whole inserts in memory.
      preserve_insertion_order: "false",
      // A database in memory would spill into the current folder, and what it spills is patient data.
      temp_directory: inMemory ? join(tmpdir(), `omopipe-${process.pid}`) : `${path}.tmp`,
      write_buffer_row_group_count: "1",
      // For up to so many values that a join looks for, DuckDB passes over the blocks of a table that hold none of them: the codes
      // of a few patients are found among millions of concepts without reading these all. Its own default is 50.
      dynamic_or_filter_threshold: "1000",
    });
    const connection = await instance.connect();
    try {
      await connection.run(attachment(path, "warehouse", options.readOnly ? "read_only" : "read_write"));
    } finally {
      connection.closeSync();
    }
    return instance;
  } catch (error) {
    instance?.closeSync();
    const message = messageOf(error);
    if (/could not set lock on file|used by another process/i.test(message)) {
      // DuckDB knows who it is where the operating system tells.
      const [, program, id] = /lock is held in (.+?) \(PID (\d+)\)/.exec(message) ?? [];
      const holder = id === undefined ? "" : ` (${program}, process ${id})`;
      throw new OmopipeError(
        "WAREHOUSE_LOCKED",
        `${path} is in use by another process${holder}, and a warehouse has one writer at a time. ` +
          "Wait until that process ends, or stop it, and run this again.",
        { retryable: true, cause: error },
      );
    }
    if (/different configuration|already attached in READ/i.test(message)) {
      throw new OmopipeError(
        "WAREHOUSE_LOCKED",
        `${path} is open in this process with other options. Close it first, or open it with the same readOnly and memoryLimit.`,
        { cause: error },
      );
    }
    throw new OmopipeError("WAREHOUSE_INVALID", `${path} could not be opened as a DuckDB file: ${message}`, {
      cause: error,
    });
  }
}

async function rowsOf(result: DuckDBResult): Promise<Row[]> {
  const names = result.deduplicatedColumnNames();
  return (await result.getRows()).map((row) => toObject(names, row));
}

function toObject(names: readonly string[], row: readonly DuckDBValue[]): Row {
  const object: Row = {};
  names.forEach((name, i) => {
    object[name] = toPlain(row[i] ?? null);
  });
  return object;
}
