import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";

/** A DuckDB connection whose calls can be stopped: one by its signal, all of them by closing. */
export interface Connection {
  /** Makes a call. When its signal stops it, DuckDB is told to interrupt, and the abort reason wins over its error. */
  call<R>(use: (connection: DuckDBConnection) => Promise<R>, signal?: AbortSignal): Promise<R>;
  /** Tells DuckDB to interrupt what runs at this moment. */
  interrupt(): void;
  /** Interrupts what still runs, waits for its end and closes. */
  close(): Promise<void>;
}

/** Opens a connection. Its calls reject with QUERY_FAILED, with the text of DuckDB's own error. */
export async function connect(instance: DuckDBInstance): Promise<Connection> {
  const connection = await instance.connect();
  const running = new Set<Promise<unknown>>();
  const interrupt = () => connection.interrupt();
  return {
    interrupt,
    async call(use, signal) {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", interrupt, { once: true });
      const result = use(connection);
      running.add(result);
      try {
        return await result;
      } catch (error) {
        signal?.throwIfAborted();
        throw new OmopipeError("QUERY_FAILED", messageOf(error), { cause: error });
      } finally {
        running.delete(result);
        signal?.removeEventListener("abort", interrupt);
      }
    },
    async close() {
      while (running.size > 0) {
        interrupt();
        await Promise.race(running).catch(() => {});
      }
      connection.closeSync();
    },
  };
}
