import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CsvMappingInput } from "../../schemas/csv-mapping.ts";
import { csvFiles } from "../../src/ingest/csv-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import type { OmopipeError } from "../../src/pipeline/errors.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import type { ProgressEvent } from "../../src/pipeline/stage.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import { expectFullAccount, type Intake, openIntake } from "./intake.ts";

const mapping: CsvMappingInput = {
  name: "clinic",
  files: {
    "people.csv": { person: { id: "id", birthDate: "born", gender: "sex" } },
    "stays.csv": { visit: { id: "id", person: "person", start: "from" } },
    "findings.csv": {
      events: [
        {
          kind: "condition",
          person: "person",
          code: "code",
          system: "http://snomed.info/sct",
          display: "text",
          start: "day",
        },
      ],
    },
  },
  ignored: ["bills.csv"],
};

/** Lands and maps files, and gives the report, whose sums it has checked, and what the run warned of. */
async function land(intake: Intake, inputs: string | string[] = intake.folder, source?: string) {
  const warnings: string[] = [];
  const onProgress = ({ state, message }: ProgressEvent) => {
    if (state === "warning" && !message?.includes("vocabulary")) warnings.push(message ?? "");
  };
  const read = pipeline(csvFiles(inputs, { mapping, source }), mapToOmop({ noVocabulary: true }));
  const report = await createRunReport(intake.warehouse, await read.run(intake.warehouse, { onProgress }));
  expectFullAccount(report);
  return { report, warnings };
}

/** Only lands files. */
const justLand = (intake: Intake, inputs: string | string[] = intake.folder) =>
  pipeline(csvFiles(inputs, { mapping })).run(intake.warehouse);

const failure = (work: Promise<unknown>): Promise<OmopipeError> =>
  work.then(
    () => expect.fail("no error"),
    (error) => error,
  );

const landed = (intake: Intake, table: string) =>
  intake.warehouse.rows(
    `select * exclude (landing_source, landing_file, landing_row, landing_line) from landing.${table} order by all`,
  );

describe("the text of a file", () => {
  it("is kept as it is written: leading zeros, quotes, line ends and delimiters inside quotes", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", 'id,born,sex\n007,1950,"F"\n"0,8","1951","say ""hm"""\n9,1952,"two\nlines"\n');
    await justLand(intake);
    expect(await landed(intake, "csv_people")).toEqual([
      { id: "0,8", born: "1951", sex: 'say "hm"' },
      { id: "007", born: "1950", sex: "F" },
      { id: "9", born: "1952", sex: "two\nlines" },
    ]);
  });

  it.each([
    ["commas", "id,born,sex\n1,1950,F\n"],
    ["tabs", "id\tborn\tsex\n1\t1950\tF\n"],
    ["semicolons", "id;born;sex\n1;1950;F\n"],
    ["bars", "id|born|sex\n1|1950|F\n"],
    ["a byte order mark", "\uFEFFid,born,sex\n1,1950,F\n"],
    ["a byte order mark and quoted names", '\uFEFF"id","born","sex"\n1,1950,F\n'],
    ["CRLF", "id,born,sex\r\n1,1950,F\r\n"],
    ["CR", "id,born,sex\r1,1950,F\r"],
    ["no last line end", "id,born,sex\n1,1950,F"],
    ["blank lines", "id,born,sex\n\n1,1950,F\n\n"],
    ["gzip", gzipSync("id,born,sex\n1,1950,F\n")],
    ["gzip in two parts", Buffer.concat([gzipSync("id,born,sex\n"), gzipSync("1,1950,F\n")])],
  ])("is read with %s", async (_what, content) => {
    await using intake = await openIntake();
    await intake.write("people.csv", content);
    await justLand(intake);
    expect(await landed(intake, "csv_people")).toEqual([{ id: "1", born: "1950", sex: "F" }]);
    expect(await intake.warehouse.rows("select read, quarantined from meta.file_records")).toEqual([
      { read: 1, quarantined: 0 },
    ]);
  });

  it("may have columns without name, or of one name, or of the names that landing needs itself", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id,born,sex,,sex,landing_row\n1,1950,F,x,M,y\n");
    await justLand(intake);
    expect(await landed(intake, "csv_people")).toEqual([
      { id: "1", born: "1950", sex: "F", column_4: "x", sex_2: "M", landing_row_2: "y" },
    ]);
  });
});

describe("a file", () => {
  it("is known by its name, whatever its case, folder and packing", async () => {
    await using intake = await openIntake();
    await intake.write("2024/PEOPLE.CSV", "id,born,sex\n1,1950,F\n");
    await intake.write("2025/people.csv.gz", gzipSync("id,born,sex\n2,1951,F\n"));
    const { report } = await land(intake);
    expect(report.resources.by_type["people.csv"]).toMatchObject({ read: 2, mapped: 2 });
  });

  it("may have a name that looks like a pattern", async () => {
    await using intake = await openIntake();
    const path = await intake.write("*/people.csv", "id,born,sex\n1,1950,F\n");
    await intake.write("other/people.csv", "id,born,sex\n2,1950,F\n");
    const { report } = await land(intake, [path]);
    expect(report.resources.read).toBe(1);
  });

  it("that the mapping does not name is counted and ignored, and named unless it is known", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id,born,sex\n1,1950,F\n");
    await intake.write("bills.csv", "id,sum\n1,3\n2,4\n");
    await intake.write("notes.txt", 'id\ttext\n1\t"two\nlines"\n');
    const { report, warnings } = await land(intake);
    expect(report.resources.by_type["bills.csv"]).toMatchObject({ read: 2, ignored: 2 });
    expect(report.resources.by_type["notes.txt"]).toMatchObject({ read: 1, ignored: 1 });
    expect(warnings).toEqual([
      expect.stringMatching(/notes\.txt is not in the mapping clinic; its 1 rows are ignored/),
    ]);
  });

  it("that lies beside its zipped self is read twice, and said to be", async () => {
    await using intake = await openIntake();
    const people = await intake.write("people.csv", "id,born,sex\n1,1950,F\n");
    expect((await land(intake)).warnings).toEqual([]);
    await intake.write("people.csv.gz", gzipSync("id,born,sex\n1,1950,F\n"));
    expect((await land(intake)).warnings).toEqual([
      `${people} and ${people}.gz are both read. If one is the other, leave one out: their rows count twice.`,
    ]);
  });

  it("of the mapping may be missing, but not all of them", async () => {
    await using intake = await openIntake();
    await intake.write("bills.csv", "id,sum\n1,3\n");
    const error = await failure(land(intake));
    expect(error.code).toBe("INPUT_NOT_FOUND");
    expect(error.message).toContain("The mapping clinic knows no file in ");
    expect(error.message).toContain("It knows people.csv, stays.csv, findings.csv.");
  });
});

describe("a column that the mapping names", () => {
  it("is looked for without case", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "ID,Born,SEX\n1,1950,F\n");
    expect((await land(intake)).report.resources.mapped).toBe(1);
  });

  it("and the file does not have is named with its place, what there is, and what was probably meant", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id,birth_date,sex\n1,1950,F\n");
    await intake.write("findings.csv", "person,code,text,daytime,duration\n1,2,3,4,5\n");
    const error = await failure(land(intake));
    expect(error.code).toBe("CSV_MAPPING_INVALID");
    expect(error.message).toBe(
      [
        "The CSV mapping clinic does not fit.",
        "  findings.csv, events[0].start: column day not found; there are person, code, text, daytime, duration. Did you mean daytime?",
        "  people.csv, person.birthDate: column born not found; there are id, birth_date, sex. Did you mean birth_date?",
      ].join("\n"),
    );
  });

  it("is named with the line of the mapping file; so are columns of joined files, SQL and formats", async () => {
    await using intake = await openIntake();
    const yaml = `name: clinic
files:
  people.csv:
    person:
      id: nr
      birthDate: { column: born, format: "%d.%m.%Q" }
  stays.csv:
    join:
      who: { file: people.csv, on: { person: id } }
    visit:
      id: { sql: "upper(idd)" }
      person: who.number
      start: from
`;
    const path = await intake.write("clinic.yaml", yaml);
    await intake.write("people.csv", "id,born,sex\n1,1950,F\n");
    await intake.write("stays.csv", "id,person,from\n1,1,2020-01-01\n");
    const run = (name: string) =>
      failure(pipeline(csvFiles(intake.folder, { mapping: name })).run(intake.warehouse)).then(
        ({ message }) => message,
      );
    expect(await run(path)).toBe(
      [
        "The CSV mapping clinic does not fit.",
        "  clinic.yaml:5: people.csv, person.id: column nr not found; there are id, born, sex. Did you mean born?",
        "  clinic.yaml:12: stays.csv, visit.person: column number not found in people.csv; there are id, born, sex. Did you mean id?",
      ].join("\n"),
    );
    const later = await intake.write("later.yaml", yaml.replace("nr", "id").replace("who.number", "who.id"));
    const message = await run(later);
    expect(message).toMatch(
      /later\.yaml:6: people\.csv, person\.birthDate\.format: DuckDB does not understand this: .*%Q/,
    );
    expect(message).toMatch(/later\.yaml:11: stays\.csv, visit\.id\.sql: DuckDB does not understand this: .*idd/);
  });

  it("is named, with its line, where its SQL fails on a row that it is asked for", async () => {
    await using intake = await openIntake();
    const yaml = `name: clinic
files:
  people.csv:
    when: { sql: "sex::boolean" }
    person: { id: id, birthDate: born, address: { zip: { sql: "id::integer" } } }
  stays.csv:
    visit:
      id: id
      person: person
      when: { column: id, not: unknown }
      start: { sql: "since::date" }
      end: { sql: "max(since)" }
`;
    const run = async (content: string) => {
      const path = await intake.write("clinic.yaml", content);
      return (await failure(pipeline(csvFiles(intake.folder, { mapping: path })).run(intake.warehouse))).message;
    };
    const fails = (what: string) => `The CSV mapping clinic does not fit.\n  clinic.yaml:${what}`;
    await intake.write("people.csv", "id,born,sex\np1,1950,female\n");
    await intake.write("stays.csv", "id,person,since\nunknown,1,long ago\ns1,1,2020-01-01\n");
    expect(await run(yaml)).toContain(
      fails("12: stays.csv, visit.end.sql: DuckDB does not understand this: Binder Error"),
    );
    const withoutEnd = yaml.replace(/ +end: .*\n/, "");
    expect(await run(withoutEnd)).toContain(fails("4: people.csv, when: fails on a row: Conversion Error: "));
    const forNobody = withoutEnd.replace("sex::boolean", "sex = 'male'");
    await intake.write("clinic.yaml", forNobody);
    const { files } = await pipeline(csvFiles(intake.folder, { mapping: `${intake.folder}/clinic.yaml` })).run(
      intake.warehouse,
    );
    expect(files).toHaveLength(2);
    expect(await run(withoutEnd.replace("sex::boolean", "sex = 'female'"))).toContain(
      fails("5: people.csv, person.address.zip: fails on a row: Conversion Error: "),
    );
    await intake.write("stays.csv", "id,person,since\ns1,1,long ago\n");
    expect(await run(forNobody)).toContain(fails("11: stays.csv, visit.start: fails on a row: Conversion Error: "));
  });

  it("is not sought among the values of a file without header, which may be somebody's", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "4711,1950-01-01,F\n");
    const error = await failure(land(intake));
    expect(error.message).toContain(
      "people.csv: none of the columns id, born, sex found. Its first line must hold the names of the columns; " +
        "it has 3, separated by comma.",
    );
    expect(error.message).not.toContain("4711");
  });

  it("is named with its file, where the mapping names many by a pattern", async () => {
    await using intake = await openIntake();
    const files = { "people_*.csv": { person: { id: "id", birthDate: "born" } } };
    const message = async () =>
      (await failure(pipeline(csvFiles(intake.folder, { mapping: { name: "test", files } })).run(intake.warehouse)))
        .message;
    await intake.write("people_1.csv", "id,born\n1,1950\n");
    const second = await intake.write("people_2.csv", "People of the clinic\nid;born\n1;1950\n");
    expect(await message()).toContain(`people_*.csv: none of the columns id, born found in ${second}. Its first line`);
    await intake.write("people_2.csv", "id;birth\n1;1950\n");
    expect(await message()).toContain(`column born not found in ${second}; there are id, birth. Did you mean birth?`);
  });

  it("and is missing stops the run before anything has landed", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id,born,sex\n1,1950,F\n");
    await intake.write("stays.csv", "id,person\n1,1\n");
    await failure(land(intake));
    expect(
      await intake.warehouse.rows(
        "select 1 from information_schema.tables where table_schema = 'landing' and table_name like 'csv_%'",
      ),
    ).toEqual([]);
  });
});

describe("a row that cannot be read", () => {
  it.each([
    ["has too few columns", Buffer.from("secret,1950"), "WRONG_COLUMN_COUNT"],
    ["has too many columns", Buffer.from("secret,1950,F,4,5"), "WRONG_COLUMN_COUNT"],
    ["has text behind a quote", Buffer.from('secret,"1950" or so,F'), "BROKEN_QUOTE"],
    ["is not UTF-8", Buffer.from("secret,1950,weiß", "latin1"), "NOT_UTF8"],
    ["is endless", Buffer.from(`secret,1950,${"F".repeat(3_000_000)}`), "LINE_TOO_LONG"],
  ])("because it %s is put aside by its line, and costs no other", async (_why, row, code) => {
    await using intake = await openIntake();
    const before = '\uFEFFid,born,sex\n1,1950,"two\nlines"\n';
    await intake.write("people.csv", Buffer.concat([Buffer.from(before), row, Buffer.from("\n2,1951,M\n")]));
    const { report } = await land(intake);
    expect(report.resources).toMatchObject({ read: 3, mapped: 2, quarantined: 1 });
    const quarantine = await intake.quarantine();
    expect(quarantine).toMatchObject([{ line: 4, code }]);
    expect(quarantine[0]!.reason).not.toContain("secret");
  });

  it("is found again in a gzip file", async () => {
    await using intake = await openIntake();
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},1950,F\n`);
    rows[50_000] = "50000\n";
    await intake.write("people.csv.gz", gzipSync(`id,born,sex\n${rows.join("")}`));
    const { report } = await land(intake);
    expect(report.resources).toMatchObject({ read: 60_000, mapped: 59_999, quarantined: 1 });
    expect(await intake.quarantine()).toMatchObject([{ line: 50_002 }]);
  });
});

describe("a file that cannot be read", () => {
  const whole = gzipSync(`id,born,sex\n${"1,1950,F\n".repeat(1000)}`);
  it.each([
    ["breaks off", whole.subarray(0, whole.length - 12), "FILE_DAMAGED", null],
    ["is empty", "", "NO_HEADER", null],
    ["has a broken header", 'id,"born"or so,sex\n1,1950,F\n', "NO_HEADER", null],
    ["has a header without end", `id,${"x".repeat(3_000_000)}`, "NO_HEADER", null],
  ])("because it %s is put aside as a whole, and the others land", async (_why, content, code, line) => {
    await using intake = await openIntake();
    await intake.write("a/people.csv", content);
    await intake.write("b/people.csv", "id,born,sex\n8,1950,F\n");
    const { report } = await land(intake);
    expect(report.resources).toMatchObject({ read: 2, mapped: 1, quarantined: 1 });
    expect(await intake.quarantine()).toMatchObject([{ code, line }]);
  });
});

describe("the ids of rows", () => {
  const rowsAndIds = (intake: Intake) =>
    intake.warehouse.rows("select landing_row, person, code, text, day from landing.csv_findings order by all");

  it("are the same in every run, whatever the order of rows and columns", async () => {
    const row = fc.record({
      person: fc.constantFrom("1", "2"),
      code: fc.constantFrom("73211009", "38341003", ""),
      text: fc.constantFrom("a, b", 'say "hm"', ""),
      day: fc.constantFrom("2020-01-01", "2021"),
    });
    const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const csv = (rows: readonly Record<string, string>[], columns: readonly string[]) =>
      [columns, ...rows.map((values) => columns.map((column) => values[column]!))]
        .map((cells) => `${cells.map(cell).join(",")}\n`)
        .join("");
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(row, { minLength: 1, maxLength: 8 })
          .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))),
        fc.shuffledSubarray(["person", "code", "text", "day"], { minLength: 4 }),
        async ([rows, shuffled], columns) => {
          await using intake = await openIntake();
          await intake.write("findings.csv", csv(rows, ["person", "code", "text", "day"]));
          await justLand(intake);
          const first = await rowsAndIds(intake);
          expect(new Set(first.map(({ landing_row }) => landing_row)).size).toBe(rows.length);
          await intake.write("findings.csv", csv(shuffled, columns));
          await justLand(intake);
          expect(await rowsAndIds(intake)).toEqual(first);
        },
      ),
      { numRuns: 15 },
    );
  });

  it("tell identical rows apart, also of several files and of files that go and come", async () => {
    await using intake = await openIntake();
    const same = "person,code,text,day\n1,2,x,2020\n";
    const paths = [
      await intake.write("a/findings.csv", same),
      await intake.write("b/findings.csv", `${same}1,2,x,2020\n`),
    ];
    const ids = async () =>
      (await rowsAndIds(intake)).map(({ landing_row }) => String(landing_row).replace(/^[0-9a-f]+/, ""));
    await justLand(intake);
    expect(await ids()).toEqual(["", "-2", "-3"]);
    await intake.write("a/findings.csv", "person,code,text,day\n");
    await justLand(intake, paths);
    expect(await ids()).toEqual(["", "-2"]);
    await intake.write("a/findings.csv", same);
    await justLand(intake, paths[0]!);
    expect(await ids()).toEqual(["", "-2", "-3"]);
  });
});

describe("landing again", () => {
  it("replaces what the same file of the same source gave, and nothing else", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id,born,sex\n1,1950,F\n2,1951,M\nbroken\n");
    await land(intake);
    await land(intake, intake.folder, "elsewhere");
    await intake.write("people.csv", "id,born,sex,city\n3,1952,F,Bern\n");
    await land(intake);
    expect(await landed(intake, "csv_people")).toEqual([
      { id: "1", born: "1950", sex: "F", city: null },
      { id: "2", born: "1951", sex: "M", city: null },
      { id: "3", born: "1952", sex: "F", city: "Bern" },
    ]);
    expect(await intake.quarantine()).toHaveLength(1);
    expect(
      await intake.warehouse.rows(
        "select source, read from meta.file join meta.file_records using (file_id) order by source",
      ),
    ).toEqual([
      { source: "default", read: 1 },
      { source: "elsewhere", read: 3 },
    ]);
  });
});

describe("two persons or visits of one id", () => {
  it("are one, chosen by content, wherever they stand; the other counts as superseded", async () => {
    const people = ["1,1950,F\n", "1,1960,M\n", "1,1950,F\n", "2,1970,F\n"];
    const kept = await Promise.all(
      [people, people.toReversed()].map(async (rows) => {
        await using intake = await openIntake();
        await intake.write("people.csv", `id,born,sex\n${rows.slice(0, 2).join("")}`);
        await intake.write("more/people.csv", `id,born,sex\n${rows.slice(2).join("")}`);
        await intake.write("stays.csv", "id,person,from\n5,1,2020-01-01\n5,1,2020-01-02\n");
        const { report } = await land(intake);
        expect(report.resources.by_type).toMatchObject({
          "people.csv": { read: 4, mapped: 2, superseded: 2 },
          "stays.csv": { read: 2, mapped: 1, superseded: 1 },
        });
        return [await landed(intake, "csv_people"), await landed(intake, "csv_stays")];
      }),
    );
    expect(kept[0]).toEqual(kept[1]);
  });

  it("are two when their sources differ", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id,born,sex\n1,1950,F\n");
    await land(intake, intake.folder, "north");
    await intake.write("people.csv", "id,born,sex\n1,1960,M\n");
    await land(intake, intake.folder, "south");
    expect(await intake.warehouse.row("select count(*) as persons from cdm.person")).toEqual({ persons: 2 });
  });
});

describe("a run that is stopped", () => {
  it("leaves the warehouse as it was", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id,born,sex\n1,1950,F\n");
    await land(intake);
    await intake.write("people.csv", "id,born,sex\n2,1950,F\n");
    await intake.write("stays.csv", "id,person,from\n5,2,2020-01-01\n");
    const stop = new AbortController();
    const run = pipeline(csvFiles(intake.folder, { mapping })).run(intake.warehouse, {
      signal: stop.signal,
      onProgress: ({ done }) => done === 1 && stop.abort(new Error("enough")),
    });
    expect(await failure(run)).toMatchObject({ code: "ABORTED" });
    expect(await landed(intake, "csv_people")).toEqual([{ id: "1", born: "1950", sex: "F" }]);
  });
});
