import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { writeHistories } from "../../src/features/write-histories.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { openFolder } from "../support/folder.ts";

describe("histories as NDJSON", () => {
  it("stand in the order of persons, however much more they are than DuckDB's memory", async () => {
    await using folder = await openFolder();
    const persons = 20_000;
    {
      await using filled = await openWarehouse(folder.file("a.duckdb"));
      await filled.run(
        `create schema if not exists features;
         create table features.patient_history as
         select person_id, 500 as events, to_json({id: person_id, text: repeat('x', 10000)}) as history
         from (select ${persons} - range as person_id from range(${persons}))`,
      );
    }
    await using warehouse = await openWarehouse(folder.file("a.duckdb"), { memoryLimit: "150MB" });
    const path = folder.file("made/histories.ndjson");
    await writeHistories(warehouse, path);
    const ids: number[] = [];
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const { id, text } = JSON.parse(line) as { id: number; text: string };
      if (text.length !== 10_000) throw new Error(`The history of ${id} is cut.`);
      ids.push(id);
    }
    expect(ids).toEqual(Array.from({ length: persons }, (_, i) => i + 1));
    expect(await folder.list()).not.toContain("made/histories.ndjson.tmp");
  });
});
