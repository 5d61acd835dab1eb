import { existsSync } from "node:fs";
import { readFile, symlink, utimes } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { arrow } from "../../src/export/arrow.ts";
import { csv, parquet } from "../../src/export/sql-formats.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";
import { unhandledRejectionsOf } from "../support/unhandled-rejections.ts";

describe.each([
  ["parquet", parquet],
  ["csv", csv],
  ["arrow", arrow],
] as const)("when %s breaks off", (ending, write) => {
  it("in the middle of a table, the file of the last time stays and no half one is left", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await folder.write(`risk_score.${ending}`, "the last one");
    await warehouse.run("create table results.risk_score as select range as n, range % 97 as m from range(2000000)");
    const controller = new AbortController();
    const exporting = pipeline(mappedWarehouse(), write(folder.path, { tables: ["risk_score"] }));
    const unhandled = await unhandledRejectionsOf(async () => {
      const failure = failureOf(exporting.run(warehouse, { signal: controller.signal }));
      await expect.poll(() => folder.list(), { interval: 1, timeout: 10_000 }).toHaveLength(2);
      controller.abort(new Error("Ctrl-C"));
      expect(await failure).toMatchObject({ code: "ABORTED", stage: ending });
    });
    expect(unhandled).toEqual([]);
    expect(await folder.list()).toEqual([`risk_score.${ending}`]);
    expect(await readFile(folder.file(`risk_score.${ending}`), "utf8")).toBe("the last one");
  });

  it.skipIf(!existsSync("/dev/full"))("because the disk is full, it says so and leaves nothing", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": Array.from({ length: 20_000 }, (_, i) => person(i)) });
    await symlink("/dev/full", folder.file(`.${process.pid}.person.${ending}`));
    const error = await failureOf(pipeline(mappedWarehouse(), write(folder.path)).run(warehouse));
    expect(error.stage).toBe(ending);
    expect(error.message).toMatch(/no space left on device/i);
    expect(await folder.list()).toEqual([]);
  });

  it("because it was killed, what it left half written is removed by one of a later day", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const name of [`.4711.person.${ending}`, ".4711.notes.txt"]) {
      await utimes(await folder.write(name, "half"), yesterday, yesterday);
    }
    await folder.write(`.4712.person.${ending}`, "somebody is at work on it");
    await pipeline(mappedWarehouse(), write(folder.path)).run(warehouse);
    expect(await folder.list()).toEqual([".4711.notes.txt", `.4712.person.${ending}`, `person.${ending}`]);
  });

  it("because it was stopped, tables that were done are there, whole", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)], "cdm.location": [{ location_id: 1 }] });
    const controller = new AbortController();
    const exporting = pipeline(mappedWarehouse(), write(folder.path)).run(warehouse, {
      signal: controller.signal,
      onProgress: ({ done }) => done === 1 && controller.abort(),
    });
    expect((await failureOf(exporting)).code).toBe("ABORTED");
    expect(await folder.list()).toEqual([`person.${ending}`]);
  });
});
