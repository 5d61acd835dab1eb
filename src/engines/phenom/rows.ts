import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Connection, stoppable } from "../../warehouse/connection.ts";

/** The engine's own DuckDB, in a file: rows of batches, which may be more than fit in memory. */
export interface RowDatabase {
  /** Runs one or several statements (with parameters: one). */
  run(sql: string, parameters?: readonly string[]): Promise<void>;
  /** The rows of a query, on a connection that does not wait for what is being scored. */
  rows<Row>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opened when the first batch is scored, so that an engine without batches needs no database. */
export function createRowDatabase(folder: string): RowDatabase {
  let opening: Promise<Opened> | undefined;
  let closed = false;
  const opened = (): Promise<Opened> => {
    if (closed) throw new Error("The engine is closed");
    opening ??= open(folder);
    return opening;
  };
  return {
    async run(sql, parameters) {
      const { writer } = await opened();
      await writer.call((connection) => connection.run(sql, parameters && [...parameters]));
    },
    async rows<Row>(sql: string) {
      const { reader } = await opened();
      const result = await reader.call((connection) => connection.runAndReadAll(sql));
      return result.getRowObjectsJson() as Row[];
    },
    async close() {
      closed = true;
      if (opening === undefined) return;
      const { instance, writer, reader } = await opening;
      await writer.close();
      await reader.close();
      instance.closeSync();
    },
  };
}

interface Opened {
  readonly instance: DuckDBInstance;
  readonly writer: Connection;
  readonly reader: Connection;
}

async function open(folder: string): Promise<Opened> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const instance = await DuckDBInstance.create(join(folder, "rows.duckdb"), {
    memory_limit: "384MB",
    temp_directory: join(folder, "spilled"),
  });
  return { instance, writer: stoppable(await instance.connect()), reader: stoppable(await instance.connect()) };
}
