import { describe, expect, it } from "vitest";
import type { CsvMappingInput } from "../../../schemas/csv-mapping.ts";
import { csvFiles } from "../../../src/ingest/csv-files.ts";
import { mapToOmop } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { openWarehouse, type Warehouse } from "../../../src/warehouse/warehouse.ts";
import { openFolder } from "../../support/folder.ts";
import { booksOf, differences } from "../books.ts";

type Files = Readonly<Record<string, string>>;

const files: CsvMappingInput["files"] = {
  "people.csv": { person: { id: "id", birthDate: "born", gender: "sex", address: { city: "city" } } },
  "visits.csv": { visit: { id: "id", person: "who", class: { constant: "AMB" }, start: "day", end: "day" } },
  "doctors.csv": { provider: { id: "id", specialtyName: "specialty" } },
  "plans.csv": {},
  "memberships.csv": {
    join: { plan: { file: "plans.csv", on: { plan: "id" } } },
    payerPlan: { person: "who", start: "from", payerName: "plan.name", payerId: "plan" },
  },
  // Each row is a person and an event, so that several rows are about one person.
  "findings.csv": {
    when: { column: "status", not: "void" },
    person: { id: "who", birthDate: "born" },
    events: [
      { kind: "condition", person: "who", start: "day", display: "finding", when: "finding" },
      { kind: "observation", person: "who", start: "day", display: "measured", value: "value", when: "value" },
    ],
  },
  // Each row is a visit and what it cost; several rows may tell of one visit.
  "stays.csv": {
    visit: { id: "id", person: "who", class: { constant: "IMP" }, start: "from", end: "to" },
    costs: [{ person: "who", totalCharge: ["charge"] }],
  },
  "bills.csv": {
    costs: [
      {
        id: "bill",
        person: "who",
        visit: "stay",
        payerId: { constant: "a" },
        start: { constant: "2019-05-01" },
        totalCharge: ["charge"],
      },
    ],
  },
  "notes.csv": {
    events: [{ kind: "condition", person: "who", visit: "visit", provider: "doctor", start: "day", display: "text" }],
  },
};

const ids = Array.from({ length: 20 }, (_, i) => `p${i}`);
const begin: Files = {
  "people.csv": `id,born,sex,city\n${ids.map((id, i) => `${id},${1950 + i}-06-01,F,Basel`).join("\n")}\n`,
  "visits.csv": "id,who,day\nv1,p1,2019-05-01\nv2,p2,2019-05-02\n",
  "doctors.csv": "id,specialty\nd1,Cardiology\n",
  "plans.csv": "id,name\na,Alpha\nb,Beta\n",
  "memberships.csv": "who,plan,from\np1,a,2019-01-01\np2,b,2019-01-01\n",
  "findings.csv":
    "who,born,day,finding,measured,value,status\nq1,1970-01-01,2019-03-01,cough,,,\nq1,1970-01-01,2019-03-02,,weight,80,\n" +
    "q2,1971-01-01,2019-03-02,fever,,,void\nq2,1971-01-01,2019-03-03,,,,\n,1972-01-01,2019-03-03,pain,,,\n",
  "stays.csv":
    "id,who,from,to,charge\ns1,p6,2019-04-01,2019-04-03,10\ns1,p6,2019-04-02,2019-04-04,20\ns2,p7,2019-04-05,2019-04-06,30\n",
  "bills.csv": "bill,who,stay,charge\nb1,p6,s1,1\nb1,p6,s1,2\nb2,p7,s2,3\n",
  "notes.csv": `who,visit,doctor,day,text\n${ids.map((id) => `${id},,d1,2019-06-01,cough of ${id}`).join("\n")}\n,,,2019-06-01,nobody's\n`,
};
const changed = (file: string, ...replacements: (readonly [from: string, to: string])[]) => ({
  [file]: replacements.reduce((text, [from, to]) => text.replace(from, to), begin[file]!),
});

const run = (folder: string, warehouse: Warehouse) =>
  pipeline(csvFiles(folder, { mapping: { name: "test", files } }), mapToOmop({ noVocabulary: true })).run(warehouse);

/** The rows put aside, by what stands in them. */
const rejectsOf = (warehouse: Warehouse) =>
  warehouse.rows(`select code, line, "row" from meta.csv_reject order by all`);

/** Whether the row of a patient who has nothing to do with it was mapped again. */
async function remapsOthers(warehouse: Warehouse, night: () => Promise<unknown>): Promise<boolean> {
  const other = `from mapping.lineage where resource_type = 'notes.csv' and cdm_table = 'condition_occurrence'
    and cdm_id in (select condition_occurrence_id from cdm.condition_occurrence where condition_source_value = 'cough of p8')`;
  const id = (await warehouse.row<{ cdm_id: number }>(`select cdm_id ${other}`))!.cdm_id;
  const mark = (text: string) =>
    warehouse.run(`update cdm.condition_occurrence set stop_reason = ${text} where condition_occurrence_id = ${id}`);
  await mark("'marked'");
  await night();
  const now = await warehouse.row<{ stop_reason: string | null }>(
    `select stop_reason from cdm.condition_occurrence where condition_occurrence_id = ${id}`,
  );
  await mark("null");
  return now!.stop_reason !== "marked";
}

describe("what changes in CSV files from one night to the next leaves the same rows as all at once", () => {
  it.each<[string, Files, "persons" | "all"]>([
    [
      "rows that are others, go, are given twice, or are nobody's",
      changed(
        "notes.csv",
        ["cough of p1", "fever of p1"],
        ["p2,,d1,2019-06-01,cough of p2\n", ""],
        ["p3,,", "p4,,d1,2019-06-01,cough of p4\np3,,"],
        [",,,2019-06-01,nobody's", ",,,2019-06-02,nobody's"],
      ),
      "persons",
    ],
    [
      "persons who move and go, and rows that become another's or of a visit",
      {
        ...changed("people.csv", ["p1,1951-06-01,F,Basel", "p1,1951-06-01,F,Bern"], ["p3,1953-06-01,F,Basel\n", ""]),
        ...changed("notes.csv", ["p4,,d1", "p5,,d1"], ["p2,,d1", "p2,v2,d1"]),
      },
      "persons",
    ],
    [
      "the first of the rows about a person, a condition of rows, a row without the id of its person",
      changed(
        "findings.csv",
        ["q1,1970-01-01,2019-03-01,cough,,,\n", ""],
        ["fever,,,void", "fever,,,"],
        [",1972-01-01,2019-03-03,pain", ",1973-01-01,2019-03-03,pain"],
      ),
      "persons",
    ],
    [
      "a row that others join, and a file that comes later",
      {
        ...changed("plans.csv", ["a,Alpha", "a,Gamma"]),
        "more/notes.csv": "who,visit,doctor,day,text\np2,v2,d1,2019-05-02,more\n",
      },
      "persons",
    ],
    [
      "the first of the rows about a visit, and a part of a bill",
      {
        ...changed("stays.csv", ["s1,p6,2019-04-01,2019-04-03,10\n", ""], [",30", ",40"]),
        ...changed("bills.csv", ["b1,p6,s1,2\n", ""]),
      },
      "persons",
    ],
    [
      "the insurance period of a bill that comes later",
      changed("memberships.csv", ["p1,a,2019-01-01", "p1,a,2019-01-01\np6,a,2019-01-01"]),
      "persons",
    ],
    ["a visit that becomes that of two", changed("stays.csv", ["s1,p6,2019-04-02", "s1,p7,2019-04-02"]), "all"],
    ["a bill that becomes that of two", changed("bills.csv", ["b1,p6,s1,2", "b1,p7,s1,2"]), "all"],
    ["a provider", changed("doctors.csv", ["Cardiology", "Surgery"]), "all"],
  ])("%s", async (_name, night, expected) => {
    await using folder = await openFolder();
    await using nightly = await openWarehouse(":memory:");
    await using whole = await openWarehouse(":memory:");
    for (const [name, text] of Object.entries(begin)) await folder.write(name, text);
    await run(folder.path, nightly);
    const all = await remapsOthers(nightly, async () => {
      for (const [name, text] of Object.entries(night)) await folder.write(name, text);
      await run(folder.path, nightly);
    });
    await run(folder.path, whole);
    expect(differences(await booksOf(nightly), await booksOf(whole))).toEqual([]);
    expect(await rejectsOf(nightly)).toEqual(await rejectsOf(whole));
    expect(all).toBe(expected === "all");
  });
});

it("a visit that two persons shared for a night leaves the same rows as if it had never been", async () => {
  await using folder = await openFolder();
  await using nightly = await openWarehouse(":memory:");
  await using whole = await openWarehouse(":memory:");
  for (const [name, text] of Object.entries(begin)) await folder.write(name, text);
  await run(folder.path, nightly);
  for (const files of [changed("stays.csv", ["s1,p6,2019-04-01", "s1,p7,2019-04-01"]), begin]) {
    await folder.write("stays.csv", files["stays.csv"]!);
    await run(folder.path, nightly);
  }
  await run(folder.path, whole);
  expect(differences(await booksOf(nightly), await booksOf(whole))).toEqual([]);
});

describe("a CSV file that was landed before", () => {
  it("is passed over while it and its mapping are as they were, and counted as read all the same", async () => {
    await using folder = await openFolder();
    await using warehouse = await openWarehouse(":memory:");
    for (const [name, text] of Object.entries(begin)) await folder.write(name, text);
    const first = await run(folder.path, warehouse);
    await warehouse.run("delete from landing.csv_notes");
    const second = await run(folder.path, warehouse);
    expect(await warehouse.row("select count(*) as rows from landing.csv_notes")).toEqual({ rows: 0 });
    expect(second.tables).toEqual(first.tables);
    expect([...second.files].sort()).toEqual([...first.files].sort());
    const { "notes.csv": _notes, ...others } = files;
    const mapping = {
      name: "other",
      files: { ...others, "notes.csv": { ...files["notes.csv"], decimal: "," as const } },
    };
    await pipeline(csvFiles(folder.path, { mapping }), mapToOmop({ noVocabulary: true })).run(warehouse);
    expect(await warehouse.row("select count(*) as rows from landing.csv_notes")).toEqual({ rows: 21 });
  });
});
