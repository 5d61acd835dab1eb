import type { DuckDBDataChunk, DuckDBInstance, DuckDBResult } from "@duckdb/node-api";
import { OmopipeError } from "../pipeline/errors.ts";
import { type Connection, connect } from "./connection.ts";

/** A part of a result as DuckDB holds it, with the result that describes its columns. */
export interface ResultChunk {
  readonly result: DuckDBResult;
  readonly chunk: DuckDBDataChunk;
}

/** The queries of a warehouse that are read bit by bit, each on a connection of its own. */
export interface Streams {
  read(sql: string, signal: AbortSignal | undefined): AsyncGenerator<ResultChunk>;
  /** Ends those that are still open; reading on in one of them then throws. */
  end(): Promise<void>;
}

export function createStreams(instance: DuckDBInstance): Streams {
  const open = new Set<() => Promise<void>>();
  return {
    async *read(sql, signal) {
      const connection = await connect(instance);
      let result: DuckDBResult | undefined;
      let ended: Promise<void> | undefined;
      const end = () => {
        ended ??= letGo(connection, result);
        return ended;
      };
      open.add(end);
      try {
        result = await connection.call((own) => own.stream(sql), signal);
        while (true) {
          const chunk = await connection.call(() => result!.fetchChunk(), signal);
          if (!chunk || chunk.rowCount === 0) return;
          yield { result, chunk };
          if (ended) throw new OmopipeError("QUERY_FAILED", "The warehouse was closed while a query was being read.");
        }
      } finally {
        open.delete(end);
        await end();
      }
    },
    async end() {
      await Promise.all([...open].map((end) => end()));
    },
  };
}

/** A result that was not read to its end keeps the database file locked; interrupted and read on, it lets go. */
async function letGo(connection: Connection, result: DuckDBResult | undefined): Promise<void> {
  connection.interrupt();
  const fetch = async () => (await connection.call(async () => result?.fetchChunk()))?.rowCount;
  while (await fetch().catch(() => 0));
  await connection.close();
}
