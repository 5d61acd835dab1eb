import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { draftCsvMapping } from "../../src/ingest/csv-profile/draft-mapping.ts";
import { type CsvFileProfile, profileCsv } from "../../src/ingest/csv-profile/profile-csv.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { openWarehouse } from "../../src/warehouse/warehouse.ts";
import { type Folder, openFolder, vocabularyCache } from "../support/folder.ts";
import { projectFile } from "../support/sources.ts";
import { expectFullAccount } from "./intake.ts";

const vocabulary = projectFile("sample-data/vocabulary");

async function aFolder(): Promise<Folder> {
  const folder = await openFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder;
}

/** The profile of one file: a header, and each row as often as said. */
async function profileOf(header: string, rows: Readonly<Record<string, number>>, name = "file.csv") {
  const folder = await aFolder();
  const lines = Object.entries(rows).flatMap(([row, times]) => Array<string>(times).fill(row));
  const path = await folder.write(name, [header, ...lines, ""].join("\n"));
  const [profile] = await profileCsv(path);
  return profile!;
}

const column = (profile: CsvFileProfile, name: string) => profile.columns.find((one) => one.name === name)!;

describe("the profile of a column", () => {
  test.each<[string, string[], object]>([
    ["whole numbers", ["1", "-20", "300"], { type: "integer" }],
    ["numbers with a decimal comma", ["1,5", "20", "1.300,25"], { type: "decimal", decimalComma: true }],
    ["numbers", ["1", "2.5", ".5", "1e3"], { type: "decimal" }],
    ["digits that begin with zero: no number", ["02155", "10001"], { type: "text" }],
    ["UUIDs", ["3edac2e3-d223-6fae-d515-daf96ef6bc76"], { type: "uuid" }],
    ["yes and no", ["yes", "No", "Y"], { type: "boolean" }],
    ["nothing", ["", " "], { type: "empty", filled: 0, empty: 2, distinct: 0 }],
    ["words", ["a", "b", "b"], { type: "text", distinct: 2, filled: 3, longest: 1 }],
    ["ISO dates", ["2020-02-29", "1999-12-31"], { type: "date", dateFormats: ["%Y-%m-%d"] }],
    [
      "ISO times",
      ["2020-02-29T10:00:00Z", "1999-12-31"],
      { type: "datetime", dateFormats: ["%Y-%m-%d"], timeFormat: "T%H:%M:%S%z" },
    ],
    ["dates with the day first", ["31/12/2019", "01/02/2020"], { type: "date", dateFormats: ["%d/%m/%Y"] }],
    [
      "dates with the month first",
      ["12/31/2019 10:30", "1/2/2020 9:05"],
      { type: "datetime", dateFormats: ["%m/%d/%Y"], timeFormat: " %H:%M" },
    ],
    ["dates of which either is possible", ["01/02/2020"], { type: "date", dateFormats: ["%m/%d/%Y", "%d/%m/%Y"] }],
    ["German dates", ["31.12.2019"], { type: "date", dateFormats: ["%d.%m.%Y"] }],
    ["dates in digits", ["20191231", "20200101"], { type: "date", dateFormats: ["%Y%m%d"] }],
    ["dates with the name of the month", ["31-DEC-2019"], { type: "date", dateFormats: ["%d-%b-%Y"] }],
    ["digits that are no dates for their year", ["59621000", "44054006"], { type: "code" }],
    [
      "LOINC codes",
      ["8302-2", "72514-3"],
      { codeSystems: [{ vocabulary: "LOINC", system: "http://loinc.org", shape: 1 }] },
    ],
    ["SNOMED codes", ["195662009", "428211000124100"], { codeSystems: [{ vocabulary: "SNOMED" }] }],
    ["ICD-10 codes", ["E11.9", "I10"], { codeSystems: [{ vocabulary: "ICD10CM" }] }],
    ["small numbers: codes of nothing", ["140", "33"], { type: "integer", codeSystems: [] }],
  ])("%s", async (_title, values, expected) => {
    const rows = Object.fromEntries(values.map((value, i) => [`${i},"${value}"`, 1]));
    expect(column(await profileOf("n,what", rows), "what")).toMatchObject(expected);
  });

  test("small numbers are vaccines or drugs where the file or the column says so", async () => {
    const vaccines = await profileOf("n,CODE", { "1,140": 1, "2,08": 1 }, "immunizations.csv");
    expect(column(vaccines, "CODE").codeSystems).toMatchObject([{ vocabulary: "CVX" }]);
    const drugs = await profileOf("n,RxNorm", { "1,314076": 1 });
    expect(column(drugs, "RxNorm").codeSystems).toMatchObject([{ vocabulary: "RxNorm" }]);
  });

  test("a year is a date only where the column is named like one", async () => {
    const profile = await profileOf("onset,amount", { "2001,2001": 3, "2002-05,2002": 3 });
    expect(column(profile, "onset")).toMatchObject({ type: "date", dateFormats: ["%Y-%m", "%Y"], range: [2001, 2001] });
    expect(column(profile, "amount")).toMatchObject({ type: "integer", range: [2001, 2002] });
  });

  test("a few values that do not fit do not hide what the others are", async () => {
    const day = await profileOf("n,day", { "1,2020-01-01": 98, "2,unknown": 2 });
    expect(column(day, "day")).toMatchObject({ type: "date", exceptions: 2 });
    const words = await profileOf("n,day", { "1,2020-01-01": 90, "2,unknown": 10 });
    expect(column(words, "day")).toMatchObject({ type: "text", exceptions: 0 });
  });

  test("with a vocabulary, codes are looked up in it", async () => {
    const folder = await aFolder();
    await folder.write("dx.csv", "who,code\n1,195662009\n2,162864005\n3,999999009\n");
    const [profile] = await profileCsv(folder.path, { vocabulary, vocabularyCache });
    const [system] = column(profile!, "code").codeSystems;
    expect(system).toMatchObject({ vocabulary: "SNOMED", shape: 1, found: 2 / 3 });
  });
});

describe("the values that a profile shows", () => {
  test("are those that at least five rows share", async () => {
    const profile = await profileOf("n,state", { "1,open": 6, "2,closed": 5, "3,lost": 4 });
    expect(column(profile, "state").values).toEqual([
      { value: "open", rows: 6 },
      { value: "closed", rows: 5 },
    ]);
  });

  test.each([
    "PATIENT",
    "patient_id",
    "Id",
    "FIRST",
    "lname",
    "ADDRESS",
    "CITY",
    "ZIP",
    "PHONE",
    "e-mail",
    "SSN",
    "dob",
    "YOB",
    "notes",
  ])("are never those of %s, nor is its range told", async (name) => {
    const profile = await profileOf(`${name},n`, { "7,1": 20, "8,1": 20 });
    expect(column(profile, name)).toMatchObject({ distinct: 2 });
    expect(column(profile, name).values).toBeUndefined();
    expect(column(profile, name).range).toBeUndefined();
  });

  test("are never dates or fractions, nor of columns with more than fifty", async () => {
    const rows = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`2020-01-01,1.5,word ${i}`, 5]));
    const profile = await profileOf("day,amount,word", rows);
    expect(profile.columns.map(({ values }) => values)).toEqual([undefined, undefined, undefined]);
    expect(column(profile, "day").range).toEqual([2020, 2020]);
  });
});

test("a file that cannot be read says why; one with a bad row counts it; gzip, tabs and UTF-16 are read as they are", async () => {
  const folder = await aFolder();
  await folder.write("empty.csv", "");
  await folder.write("excel.csv", "sep=;\r\na;b\r\n1;2\r\n");
  await folder.write("ragged.csv", "a,b\n1,2\n1,2,3\n4,5\n");
  await folder.write("sixteen.csv", Buffer.from("\uFEFFa;b\nM\u00FCller;1\n", "utf16le"));
  await folder.write("tabs.txt.gz", gzipSync("a\tb\n1\t2\n"));
  const profiles = await profileCsv(folder.path);
  expect(profiles).toMatchObject([
    { name: "empty.csv", rows: 0, columns: [], problem: "the file is empty" },
    { name: "excel.csv", rows: 1, unreadable: 0, delimiter: ";", columns: [{ name: "a" }, { name: "b" }] },
    { name: "ragged.csv", rows: 2, unreadable: 1 },
    { name: "sixteen.csv", rows: 1, delimiter: ";", columns: [{ longest: 6 }, {}] },
    { name: "tabs.txt", rows: 1, delimiter: "\t", columns: [{ name: "a" }, { name: "b" }] },
  ]);
});

describe("the draft of a mapping", () => {
  /** Profiles a folder, maps it by its draft alone, and gives the report, whose sums it has checked. */
  async function mapByDraft(input: string, vocabulary: string) {
    const folder = await aFolder();
    const mapping = await folder.write("draft.yaml", draftCsvMapping(await profileCsv(input)));
    await using warehouse = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
    const mapped = await pipeline(csvFiles(input, { mapping }), mapToOmop()).run(warehouse);
    const report = await createRunReport(warehouse, mapped);
    expectFullAccount(report);
    return report;
  }

  test("of the sample data runs as it is, and gives what the ready mapping gives", async () => {
    const folder = projectFile("sample-data/csv");
    const byDraft = await mapByDraft(folder, vocabulary);
    await using warehouse = await openWarehouse(":memory:", { vocabulary, vocabularyCache });
    const mapped = await pipeline(csvFiles(folder, { mapping: "synthea" }), mapToOmop()).run(warehouse);
    const byHand = await createRunReport(warehouse, mapped);
    expect(byDraft.tables).toEqual(byHand.tables);
    expect(byDraft.resources).toEqual(byHand.resources);
  });

  test("of a hospital with its own names", async () => {
    const folder = await aFolder();
    await folder.write("people.csv", "PatientID,DOB,Sex\n1,1950-06-01,F\n2,1960,M\n");
    await folder.write("admissions.csv", "VisitID,PatientID,AdmitDate,DischargeDate\nv1,1,2020-01-01,2020-01-03\n");
    await folder.write("diagnoses.csv", "PatientID,VisitID,ICD10Code,DiagnosisDate\n1,v1,K92.2,2020-01-01\n");
    await folder.write("labs.csv", "PatientID,LOINC,Result,Units,CollectionDate\n1,2160-0,1.1,mg/dL,2020-01-01\n");
    await folder.write("wards.csv", "ward,beds\nnorth,12\n");
    const { tables, resources } = await mapByDraft(folder.path, vocabulary);
    expect(tables).toMatchObject({ person: 2, visit_occurrence: 1, condition_occurrence: 1, measurement: 1 });
    expect(resources.by_type["wards.csv"]).toMatchObject({ read: 1, ignored: 1 });
  });

  test("of a German hospital", async () => {
    const folder = await aFolder();
    await folder.write(
      "patienten.csv",
      "Patientennummer;Geburtsdatum;Geschlecht;Straße;PLZ;Wohnort\n1;01.06.1950;w;Weg 1;01067;Dresden\n2;31.12.1960;m;Weg 2;80331;München\n",
    );
    await folder.write(
      "faelle.csv",
      "Fallnummer;Patientennummer;Aufnahmedatum;Entlassungsdatum\nf1;1;01.02.2020 08:30;14.02.2020 11:00\n",
    );
    await folder.write(
      "diagnosen.csv",
      "Patientennummer;Fallnummer;Diagnoseschlüssel;Bezeichnung;Datum\n1;f1;K92.2;Gastrointestinale Blutung;13.02.2020\n",
    );
    await folder.write(
      "labor.csv",
      "Patientennummer;LOINC;Messwert;Einheit;Abnahmedatum\n1;2160-0;1,1;mg/dL;13.02.2020\n",
    );
    const draft = draftCsvMapping(await profileCsv(folder.path));
    expect(draft).toContain("http://fhir.de/CodeSystem/bfarm/icd-10-gm");
    expect(draft).toContain('decimal: ","');
    const { tables } = await mapByDraft(folder.path, vocabulary);
    expect(tables).toMatchObject({ person: 2, visit_occurrence: 1, condition_occurrence: 1, measurement: 1 });
    const [profile] = (await profileCsv(folder.path)).filter(({ name }) => name === "patienten.csv");
    expect(JSON.stringify(profile)).not.toMatch(/Dresden|Weg|01067|1950/);
  });

  test("of wide rows, sites and providers", async () => {
    const folder = await aFolder();
    await folder.write("people.csv", "patient,dob\n1,06/30/1950\n2,12/31/1960\n");
    await folder.write("clinics.csv", "id,name,city\nc1,North,Boston\nc2,South,Salem\n");
    await folder.write("providers.csv", "id,organization,specialty\nd1,c1,Surgery\nd2,c2,Surgery\n");
    await folder.write(
      "visits.csv",
      "id,patient,date,provider,organization\nv1,1,01/31/2020 10:00,d1,c1\nv2,2,02/01/2020 11:30,d2,c2\n",
    );
    await folder.write(
      "vitals.csv",
      "patient,visit,date,weight,heart_rate\n1,v1,01/31/2020 10:05,70.5,60\n2,v2,02/01/2020 11:35,,61\n",
    );
    await folder.write("family.csv", "patient,relative,code,date\n1,mother,195662009,01/31/2020\n");
    const { tables, resources } = await mapByDraft(folder.path, vocabulary);
    expect(tables).toMatchObject({ person: 2, visit_occurrence: 2, care_site: 2, provider: 2, measurement: 3 });
    expect(resources.by_type["family.csv"]).toMatchObject({ ignored: 1 });
  });

  test("says what it is not sure of, and nothing of a patient", async () => {
    const folder = await aFolder();
    await folder.write("people.csv", "pid,born,name\n1,31.12.1950,Ada\n2,01.02.1960,Bob\n");
    await folder.write("dx.csv", "pid,snomed,other_code,day\n1,195662009,K92.2,01/02/2020\n");
    await folder.write("relatives.csv", "id,pid,dob\n7,1,1920-01-01\n");
    const draft = draftCsvMapping(await profileCsv(folder.path));
    expect(draft).toContain('format: "%d.%m.%Y"');
    expect(draft).toContain("# day: may be written %m/%d/%Y or %d/%m/%Y");
    expect(draft).toContain("# not mapped, though they look like codes: other_code");
    expect(draft).toMatch(/ignored:\n +# .*\n +- relatives.csv/);
    expect(draft).not.toMatch(/Ada|Bob|1950|195662009/);
  });

  const synthea = projectFile("../shared/data/csv-synthea-dbt");
  const combined = projectFile("../shared/data/omop-vocabulary/combined");
  const missing = [synthea, combined].filter((folder) => !existsSync(folder));
  test.skipIf(missing.length > 0)(
    `of a real Synthea export${missing.map((folder) => ` (skipped: no ${folder})`)}`,
    async () => {
      const { tables, resources } = await mapByDraft(synthea, combined);
      expect(tables).toMatchObject({ person: 27, visit_occurrence: 604, death: 2 });
      for (const file of ["conditions.csv", "medications.csv", "observations.csv", "procedures.csv"]) {
        expect(resources.by_type[file]).toMatchObject({ dropped: 0, ignored: 0 });
      }
    },
  );
});

test("of a large file some rows are looked at, and all are counted", { timeout: 60_000 }, async () => {
  const folder = await aFolder();
  const rows = Array.from({ length: 250_000 }, (_, i) => `${i},2020-01-0${1 + (i % 9)},${i % 3 === 0 ? "a" : "b"},1`);
  rows[123_456] = "123456,2020-01-01,a long one,77";
  const path = await folder.write("large.csv", `n,day,letter,amount\n${rows.join("\n")}\n`);
  const [profile] = await profileCsv(path);
  expect(profile).toMatchObject({ rows: 250_000, unreadable: 0 });
  expect(column(profile!, "day")).toMatchObject({ type: "date", exceptions: 0, filled: 250_000 });
  expect(column(profile!, "letter")).toMatchObject({ distinct: 3, longest: 10 });
  expect(column(profile!, "letter").values).toMatchObject([{ value: "b" }, { value: "a" }]);
  expect(column(profile!, "amount").range).toEqual([1, 77]);
});
