import { setTimeout as sleep } from "node:timers/promises";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { messageOf, OmopipeError } from "../pipeline/errors.ts";
import { messageWithoutValues } from "./message-without-values.ts";

/** A DuckDB connection whose calls can be stopped: one by its signal, all of them by closing. */
export interface Connection {
  /** Makes a call. When its signal stops it, DuckDB is told to interrupt, and the abort reason wins over its error. */
  call<R>(use: (connection: DuckDBConnection) => Promise<R>, signal?: AbortSignal): Promise<R>;
  /** Interrupts what runs and waits for its end. */
  stop(): Promise<void>;
  /** Stops and closes. */
  close(): Promise<void>;
}

/** Opens a connection to one of the databases of an instance; see {@link stoppable}. */
export async function connect(instance: DuckDBInstance, database: string): Promise<Connection> {
  const connection = await instance.connect();
  await connection.run(`use ${database}`);
  return stoppable(connection);
}

/**
 * Makes the calls of a connection stoppable. They reject with QUERY_FAILED, with the text of DuckDB's own error but no value
 * of the data.
 */
export function stoppable(connection: DuckDBConnection): Connection {
  const running = new Set<Promise<unknown>>();
  // Said again and again, because a query that has not quite begun does not hear it.
  const interruptUntilEnd = async (call: Promise<unknown>) => {
    const ended = call.then(
      () => true,
      () => true,
    );
    do connection.interrupt();
    while (!(await Promise.race([ended, sleep(10, false)])));
  };
  const stop = async () => {
    await Promise.all([...running].map(interruptUntilEnd));
  };
  return {
    stop,
    async call(use, signal) {
      signal?.throwIfAborted();
      const result = use(connection);
      const interrupt = () => void interruptUntilEnd(result);
      running.add(result);
      signal?.addEventListener("abort", interrupt, { once: true });
      try {
        return await result;
      } catch (error) {
        signal?.throwIfAborted();
        // Without its cause where that quotes data.
        const original = messageOf(error);
        const message = messageWithoutValues(original).replace(
          /\n\nPossible solutions:[\s\S]*/,
          "\nGive DuckDB more with the memoryLimit of openWarehouse, or --memory-limit.",
        );
        throw new OmopipeError("QUERY_FAILED", message, message === original ? { cause: error } : {});
      } finally {
        running.delete(result);
        signal?.removeEventListener("abort", interrupt);
      }
    },
    async close() {
      await stop();
      connection.closeSync();
    },
  };
}
