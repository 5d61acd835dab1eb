import { mkdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { csv, parquet } from "../../src/export/sql-formats.ts";
import { mappedWarehouse } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { ProgressEvent } from "../../src/pipeline/stage.ts";
import { literal } from "../../src/warehouse/sql-text.ts";
import { openCdm, person } from "../support/cdm.ts";
import { failureOf } from "../support/failure.ts";
import { openFolder } from "../support/folder.ts";

const rows = {
  "cdm.person": [
    person(1, { birth_datetime: "1950-06-01T03:04:05.678901", person_source_value: `O'Hara, "Kit"` }),
    person(9007199254740990),
  ],
  "cdm.measurement": [
    {
      measurement_id: 1,
      person_id: 1,
      measurement_concept_id: 0,
      measurement_date: "1969-12-31",
      measurement_type_concept_id: 0,
      value_as_number: 0.1,
    },
  ],
};

describe("parquet", () => {
  it("writes one file a table that has rows; read again it equals the table", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    await pipeline(mappedWarehouse(), parquet(folder.path)).run(warehouse);
    expect(await folder.list()).toEqual(["measurement.parquet", "person.parquet"]);
    for (const table of ["person", "measurement"]) {
      const file = literal(folder.file(`${table}.parquet`));
      expect(await warehouse.rows(`from ${file} order by 1`)).toEqual(
        await warehouse.rows(`from cdm.${table} order by 1`),
      );
      const types = async (relation: string) =>
        (await warehouse.columns(relation)).map(({ name, type }) => `${name} ${type}`);
      expect(await types(file)).toEqual(await types(`cdm.${table}`));
    }
  });

  it("makes the folder, and folders above it", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    await pipeline(mappedWarehouse(), parquet(folder.file("a/b"))).run(warehouse);
    expect(await warehouse.row(`select count(*) as rows from ${literal(folder.file("a/b/person.parquet"))}`)).toEqual({
      rows: 2,
    });
  });

  it("takes a folder whose name has a quote in it", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    await pipeline(mappedWarehouse(), parquet(folder.file("Kit's"))).run(warehouse);
    expect(await folder.list()).toEqual(["Kit's"]);
  });
});

describe("csv", () => {
  it("writes a header, NULL as the empty field, and quotes where they are needed", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm({
      "cdm.location": [
        { location_id: 1, city: 'Saint "Kit", Nevis', zip: "00830", latitude: 17.25 },
        { location_id: 2, city: "" },
      ],
    });
    await pipeline(mappedWarehouse(), csv(folder.path)).run(warehouse);
    expect(await readFile(folder.file("location.csv"), "utf8")).toBe(
      "location_id,address_1,address_2,city,state,zip,county,location_source_value,country_concept_id," +
        "country_source_value,latitude,longitude\n" +
        '1,,,"Saint ""Kit"", Nevis",,00830,,,,,17.25,\n' +
        '2,,,"",,,,,,,,\n',
    );
  });
});

describe.each([
  ["parquet", parquet],
  ["csv", csv],
] as const)("the tables of %s", (ending, write) => {
  it("are those named, with or without rows, and others are left alone", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    await pipeline(
      mappedWarehouse(),
      write(folder.path, { tables: ["measurement"] }),
      write(folder.path, { tables: ["death"] }),
    ).run(warehouse);
    expect(await folder.list()).toEqual([`death.${ending}`, `measurement.${ending}`]);
    expect(
      await warehouse.row(`select count(*) as rows from ${literal(folder.file(`measurement.${ending}`))}`),
    ).toEqual({ rows: 1 });
    expect((await warehouse.columns(literal(folder.file(`death.${ending}`)))).map(({ name }) => name)).toContain(
      "death_date",
    );
  });

  it("must be tables of the CDM or of results", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    const run = (table: string) => pipeline(mappedWarehouse(), write(folder.path, { tables: [table] })).run(warehouse);
    for (const wrong of ["persons", "meta.run", "risk_score", "__proto__"]) {
      const { code, stage, message } = await failureOf(run(wrong));
      expect([code, stage]).toEqual(["USAGE", ending]);
      expect(message).toMatch(new RegExp(`^There is no table ${wrong} to export\\. There are: person, .*observation`));
    }
    expect(await folder.list()).toEqual([]);
  });

  it("no longer have the file of a table that has no rows any more; foreign files stay", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    await folder.write(`notes.${ending}`, "mine");
    await folder.write("report.json", "{}");
    const exporting = pipeline(mappedWarehouse(), write(folder.path));
    await exporting.run(warehouse);
    await warehouse.run("delete from cdm.measurement");
    await exporting.run(warehouse);
    expect(await folder.list()).toEqual([`notes.${ending}`, `person.${ending}`, "report.json"]);
  });

  it("are told one by one as they are written", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    const events: ProgressEvent[] = [];
    await pipeline(mappedWarehouse(), write(folder.path)).run(warehouse, { onProgress: (event) => events.push(event) });
    expect(events.filter(({ state }) => state === "running")).toMatchObject([
      { done: 1, total: 2, unit: "tables" },
      { done: 2, total: 2, unit: "tables" },
    ]);
  });

  it("leave the folder as it was when one cannot be put in its place", async () => {
    await using folder = await openFolder();
    await using warehouse = await openCdm(rows);
    await mkdir(folder.file(`person.${ending}`));
    await failureOf(pipeline(mappedWarehouse(), write(folder.path)).run(warehouse));
    expect(await folder.list()).toEqual([`person.${ending}`]);
  });
});
