import { mapBatches } from "../../src/pipeline/map-batches.ts";
import type { Batch } from "../../src/pipeline/stage.ts";

/** A step in a file of the user's own, with a mistake in it. */
export const userStep = mapBatches("ages", (batch: Batch<{ born?: string }>) =>
  batch.map((person) => new Date().getFullYear() - Number(person.born!.slice(0, 4))),
);
