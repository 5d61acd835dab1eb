import { readdirSync } from "node:fs";
import { cp, rename, utimes } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parquetLoads } from "../../src/export/parquet-loads.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { literal } from "../../src/warehouse/sql-text.ts";
import type { Warehouse } from "../../src/warehouse/warehouse.ts";
import { openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";

const write = (warehouse: Warehouse, folder: string, load?: string) =>
  pipeline(mappedWarehouse(), parquetLoads(folder, { load })).run(warehouse);
const persons = (warehouse: Warehouse, folder: string) =>
  warehouse.rows(
    `select load, person_id from read_parquet(${literal(`${folder}/load=*/person.parquet`)}, hive_partitioning = true) order by all`,
  );

describe("parquetLoads", () => {
  it("keeps the load of each run beside the others, as a partition", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await write(warehouse, folder.path, "first");
    await warehouse.append("cdm.person", [person(2)]);
    await write(warehouse, folder.path, "second");
    expect(await persons(warehouse, folder.path)).toEqual([
      { load: "first", person_id: 1 },
      { load: "second", person_id: 1 },
      { load: "second", person_id: 2 },
    ]);
    expect(await folder.list()).toEqual(["load=first", "load=second"]);
  });

  it("replaces a load of the same name as a whole", async () => {
    await using folder = await openFolder();
    await using before = await openCdm({ "cdm.person": [person(1)], "results.cohort": [] });
    await before.run(
      "insert into cdm.cdm_source by name select 'x' as cdm_source_name, 'x' as cdm_source_abbreviation, 'x' as cdm_holder, date '2020-01-01' as source_release_date, date '2020-01-01' as cdm_release_date, 0 as cdm_version_concept_id, 'x' as vocabulary_version",
    );
    await write(before, folder.path, "again");
    await using after = await openCdm({ "cdm.person": [person(2)] });
    await write(after, folder.path, "again");
    expect(await persons(after, folder.path)).toEqual([{ load: "again", person_id: 2 }]);
    expect(readdirSync(folder.file("load=again"))).toEqual(["person.parquet"]);
    expect(await folder.list()).toEqual(["load=again"]);
  });

  it("leaves the load before, and nothing of its own, when it fails", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await write(warehouse, folder.path, "kept");
    const unknown = pipeline(
      mappedWarehouse(),
      parquetLoads(folder.path, { load: "kept", tables: ["person", "cohort"] }),
    );
    expect((await failureOf(unknown.run(warehouse))).code).toBe("USAGE");
    await warehouse.run(
      "alter table cdm.person rename to people; create view cdm.person as select error('no') as person_id",
    );
    const broken = pipeline(
      mappedWarehouse(),
      parquetLoads(folder.path, { load: "kept", tables: ["location", "person"] }),
    );
    await warehouse.append("cdm.location", [{ location_id: 1 }]);
    await failureOf(broken.run(warehouse));
    expect(await persons(warehouse, folder.path)).toEqual([{ load: "kept", person_id: 1 }]);
    expect(await folder.list()).toEqual(["load=kept"]);
  });

  it("removes what was left of one that was killed another day", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await folder.write(".4711.load=broken/person.parquet", "half");
    await folder.write(".4712.load=begun/person.parquet", "somebody is at work on it");
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(folder.file(".4711.load=broken"), yesterday, yesterday);
    await write(warehouse, folder.path, "whole");
    expect(await folder.list()).toEqual([".4712.load=begun", "load=whole"]);
  });

  it("puts back the load that one was killed in replacing, and removes one that was replaced", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await write(warehouse, folder.path, "first");
    await write(warehouse, folder.path, "second");
    await rename(folder.file("load=first"), folder.file(".4711.replaced=first"));
    await cp(folder.file("load=second"), folder.file(".4712.replaced=second"), { recursive: true });
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(folder.file(".4712.replaced=second"), yesterday, yesterday);
    await write(warehouse, folder.path, "third");
    expect(await folder.list()).toEqual(["load=first", "load=second", "load=third"]);
    expect(await persons(warehouse, folder.path)).toMatchObject([
      { load: "first" },
      { load: "second" },
      { load: "third" },
    ]);
  });

  it("is named after the beginning of its run, in UTC, or as it is told where that can be a name", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({ "cdm.person": [person(1)] });
    await write(warehouse, folder.path);
    expect(await folder.list()).toEqual([expect.stringMatching(/^load=\d{4}-\d\d-\d\dT\d{6}Z$/)]);
    for (const load of ["../up", "", ".hidden", "a/b"]) {
      expect((await failureOf(write(warehouse, folder.path, load))).code).toBe("USAGE");
    }
  });
});
