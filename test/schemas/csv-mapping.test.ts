import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CsvMappingInput, type CsvValue, csvTableName, eventTypes } from "../../schemas/csv-mapping.ts";
import { csvMappingJsonSchema } from "../../schemas/csv-mapping-json-schema.ts";
import { defineCsvMapping, loadCsvMapping, readyCsvMappings } from "../../src/ingest/csv-mapping.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "csv-mapping-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(name: string, content: string) {
  const path = join(folder, name);
  await writeFile(path, content);
  return await loadCsvMapping(path);
}

/** What is said of a mapping with this one file. */
function complaint(file: object): string {
  try {
    defineCsvMapping({ name: "test", files: { "a.csv": file } } as CsvMappingInput);
    return "valid";
  } catch (error) {
    expect(error).toMatchObject({ code: "CSV_MAPPING_INVALID" });
    return (error as Error).message;
  }
}

const event = { kind: "condition", person: "P", code: "C", system: "http://snomed.info/sct", start: "S" };

describe("a CSV mapping", () => {
  it("says where and what when a key is wrong", () => {
    expect(complaint({ events: [event, { ...event, strat: "S" }] })).toContain(
      "a.csv, events[1].strat: there is no such key; there are kind, id, person, visit, provider, code, system, display, start,",
    );
    expect(complaint({ persn: { id: "I" }, evnts: [] })).toMatch(
      /a\.csv, persn: there is no such key; .* person, .*\n {2}a\.csv, evnts: there is no such key; .* events, /,
    );
    expect(complaint({ visit: { id: "I", person: "P" } })).toContain(
      "a.csv, visit.start: is missing; must be the name of a column",
    );
    expect(complaint({ events: [{ person: "P" }] })).toMatch(/a\.csv, events\[0\]\.kind: is missing; .*condition/);
    expect(complaint({ events: [{ ...event, kind: "diagnosis" }] })).toContain("a.csv, events[0].kind: ");
    expect(complaint({ person: { id: "I", birthDate: "B", gender: { constant: 1 } } })).toContain(
      "a.csv, person.gender: must be the name of a column",
    );
  });

  it("says what keys there are where there are none", async () => {
    await expect(load("empty.yaml", "# to be written\n")).rejects.toThrow(
      "empty.yaml does not fit.\n  must have keys of its own; there are name, dates, decimal, files, ignored",
    );
    expect(complaint({ person: "I" })).toContain("a.csv, person: must have keys of its own; there are id, birthDate,");
  });

  it("lists everything that is wrong at once", () => {
    const message = complaint({ events: [{ kind: "drug", code: "C" }] });
    expect(message).toContain("a.csv, events[0].person: ");
    expect(message).toContain("a.csv, events[0].start: ");
  });

  it("makes of a row one record or several; of none where another file is joined with it", () => {
    const person = { id: "I", birthDate: "B" };
    expect(complaint({ person })).toBe("valid");
    expect(complaint({ person, events: [event] })).toBe("valid");
    expect(complaint({})).toContain("a.csv: must have at least one of person, visit, provider");
    const joined = { join: { other: { file: "b.csv", on: { P: "Id" } } }, events: [event] };
    expect(complaint(joined)).toContain("a.csv, join.other.file: b.csv is not among the files");
    const files = { "a.csv": joined, "b.csv": {} } as CsvMappingInput["files"];
    expect(defineCsvMapping({ name: "test", files }).files["b.csv"]).toEqual({});
  });

  it("knows formats and time zones", () => {
    const dated = (style: object) => complaint({ dates: style, events: [event] });
    expect(dated({ format: "%d.%m.%Y", zone: "Europe/Berlin" })).toBe("valid");
    expect(dated({ format: ["epoch milliseconds", "%Y"] })).toBe("valid");
    expect(dated({ format: "DD.MM.YYYY" })).toContain('a.csv, dates.format: must be a pattern such as "%m/%d/%Y"');
    expect(dated({ zone: "Boston" })).toContain("a.csv, dates.zone: must be the name of a time zone");
  });

  it("takes the system of wide columns from them or from their event", () => {
    const { code: _code, system, ...bare } = { ...event, kind: "observation" };
    const unpivot = { columns: { A: { code: "1" }, B: { code: "2", system: "http://loinc.org" } } };
    expect(complaint({ events: [{ ...bare, unpivot }] })).toContain("a.csv, events[0].system: is missing");
    expect(complaint({ events: [{ ...bare, system, unpivot }] })).toBe("valid");
  });

  it("wants the system of every code, and a code or a text for every event", () => {
    const { code: _code, system: _system, ...bare } = event;
    expect(complaint({ events: [{ ...bare, display: "D" }] })).toBe("valid");
    expect(complaint({ events: [bare] })).toContain("a.csv, events[0].code: is missing");
    expect(complaint({ events: [{ ...bare, code: "C" }] })).toContain("a.csv, events[0].system: is missing");
  });

  it("takes a system with a colon as a URI and one without as a column", () => {
    const systems = ["http://loinc.org", "SYSTEM"].map(
      (system) =>
        defineCsvMapping({
          name: "test",
          files: { "a.csv": { events: [{ ...event, kind: "observation", system }] } },
        }).files["a.csv"]?.events?.[0]?.system,
    );
    expect(systems).toEqual([{ constant: "http://loinc.org" }, "SYSTEM"]);
  });

  it("gives each file a table of its own", () => {
    expect(csvTableName("Conditions.CSV.gz")).toBe("csv_conditions");
    expect(csvTableName("Lab results.txt")).toBe("csv_lab_results_txt");
    const files = { "a-b.csv": { events: [event] }, "a_b.csv": { events: [event] } } as CsvMappingInput["files"];
    expect(() => defineCsvMapping({ name: "test", files })).toThrow(
      "a_b.csv: would share the table csv_a_b with a-b.csv",
    );
  });

  it("names only types of events that the concept map knows", async () => {
    const conceptMap = await readFile(new URL("../../schemas/concept-map.csv", import.meta.url), "utf8");
    for (const type of eventTypes) expect(conceptMap).toContain(`\ntype:${type},`);
  });
});

describe("the published JSON Schema", () => {
  it("is that of the mapping (npm run csv-schema writes it)", async () => {
    const published = await readFile(new URL("../../schemas/csv-mapping.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(published)).toEqual(csvMappingJsonSchema());
  });
});

describe("a mapping file", () => {
  const yaml = `
name: flu
files:
  shots.csv:
    events:
      - { kind: vaccine, person: P, code: { constant: 08 }, system: "http://hl7.org/fhir/sid/cvx", start: WHEN }
`;

  it("is YAML whose scalars are all text, so that codes keep their leading zeros", async () => {
    const mapping = await load("flu.yaml", yaml);
    expect(mapping.files["shots.csv"]?.events?.[0]?.code).toEqual({ constant: "08" });
  });

  it("does not take nothing for a text", async () => {
    const person = (values: string) =>
      load(
        "people.yaml",
        `name: x\nfiles:\n  p.csv:\n    person: { id: I, birthDate: B,\n      gender: { column: G, values: ${values} } }\n`,
      );
    await expect(person("{ 9: null }")).rejects.toThrow('people.yaml:5: null is no text; write "" for what is empty');
    await expect(person("{ 9: ~ }")).rejects.toThrow("people.yaml:5: null is no text");
    expect((await person('{ NULL: "", 9: "null" }')).files["p.csv"]?.person?.gender).toMatchObject({
      values: { NULL: "", 9: "null" },
    });
    await expect(load("people.json", '{ "name": "x", "files": { "p.csv": null } }')).rejects.toThrow(
      "people.json:1: null",
    );
  });

  it("is JSON just as well", async () => {
    const mapping = await load("flu.yaml", yaml);
    expect(await load("flu.json", JSON.stringify(mapping))).toEqual(mapping);
  });

  it("that is broken is named with the line", async () => {
    await expect(load("broken.yaml", "name: x\nfiles: [")).rejects.toThrow(/broken\.yaml:2: /);
    await expect(load("wrong.yaml", yaml.replace("person: P", "persn: P"))).rejects.toThrow(
      "wrong.yaml:6: shots.csv, events[0].persn: there is no such key; there are kind, id, person, ",
    );
    await expect(load("empty.yaml", "")).rejects.toMatchObject({ code: "CSV_MAPPING_INVALID" });
  });

  it("that is not there is answered with the ready-made ones", async () => {
    const failure = loadCsvMapping(join(folder, "nothing.yaml"));
    await expect(failure).rejects.toMatchObject({ code: "CSV_MAPPING_INVALID" });
    await expect(failure).rejects.toThrow("or a ready-made mapping: notes, omop, smart-sample-patients, synthea.");
  });
});

describe("the ready-made mappings", () => {
  it.each(readyCsvMappings)("%s is valid", async (name) => {
    expect((await loadCsvMapping(name)).name).toBe(name);
  });

  it("synthea says race and ethnicity in the keys of the concept map", async () => {
    const conceptMap = await readFile(new URL("../../schemas/concept-map.csv", import.meta.url), "utf8");
    const { race, ethnicity } = (await loadCsvMapping("synthea")).files["patients.csv"]!.person!;
    const keysOf = (value: CsvValue | undefined) => Object.values((value as { values: Record<string, string> }).values);
    expect(keysOf(race)).toHaveLength(5);
    for (const key of keysOf(race)) expect(conceptMap).toContain(`\nrace:${key},`);
    for (const key of keysOf(ethnicity)) expect(conceptMap).toContain(`\nethnicity:${key},`);
  });
});
