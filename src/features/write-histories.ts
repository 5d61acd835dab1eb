import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import type { QueryOptions, Warehouse } from "../warehouse/warehouse.ts";
import { personSlices } from "./person-slices.ts";

/** Writes the histories of all persons, by their ids, one a line (NDJSON). The file appears when it is whole. */
export async function writeHistories(warehouse: Warehouse, path: string, control: QueryOptions = {}): Promise<void> {
  const temporary = `${path}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(lines(warehouse, control), createWriteStream(temporary));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function* lines(warehouse: Warehouse, control: QueryOptions): AsyncGenerator<string> {
  // Sorting all of them takes more memory than they do.
  for (const { first, last } of await personSlices(warehouse, undefined, control)) {
    const histories = warehouse.stream<{ history: string }>(
      `select history from features.patient_history where person_id between ${first} and ${last} order by person_id`,
      control,
    );
    for await (const batch of histories) yield batch.map(({ history }) => `${history}\n`).join("");
  }
}
