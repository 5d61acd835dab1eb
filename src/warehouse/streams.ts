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

export function createStreams(instance: DuckDBInstance, database: string): Streams {
  const open = new Set<() => Promise<void>>();
  return {
    async *read(sql, signal) {
      const connecting = connect(instance, database);
      let result: DuckDBResult | undefined;
      let ended: Promise<void> | undefined;
      const end = () => {
        ended ??= connecting.then((connection) => letGo(connection, () => result));
        return ended;
      };
      const mustBeOpen = () => {
        if (ended) throw new OmopipeError("QUERY_FAILED", "The warehouse was closed while a query was being read.");
      };
      open.add(end);
      try {
        const connection = await connecting;
        mustBeOpen();
        await connection.call(async (own) => {
          result = await own.stream(sql);
        }, signal);
        while (true) {
          mustBeOpen();
          const chunk = await connection.call(() => result!.fetchChunk(), signal);
          if (!chunk || chunk.rowCount === 0) return;
          yield { result: result!, chunk };
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
async function letGo(connection: Connection, resultOf: () => DuckDBResult | undefined): Promise<void> {
  await connection.stop();
  const interruptedFetch = async () => {
    const next = connection.call(async () => resultOf()?.fetchChunk());
    await connection.stop();
    return (await next)?.rowCount;
  };
  while (await interruptedFetch().catch(() => 0));
  await connection.close();
}
