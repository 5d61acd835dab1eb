import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CsvMappingInput } from "../../schemas/csv-mapping.ts";
import { type CsvFilesOptions, csvFiles } from "../../src/ingest/csv-files.ts";
import type { CsvStream } from "../../src/ingest/csv-stream.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport, runReport } from "../../src/quality/run-report.ts";
import { failureOf } from "../support/failure.ts";
import { expectFullAccount, type Intake, openIntake } from "./intake.ts";

const mapping: CsvMappingInput = {
  name: "clinic",
  files: { "people.csv": { person: { id: "id", birthDate: "born", gender: "sex" } } },
};

type Inputs = Parameters<typeof csvFiles>[0];

async function land(intake: Intake, inputs: Inputs = intake.folder, options: Partial<CsvFilesOptions> = {}) {
  const read = pipeline(csvFiles(inputs, { mapping, ...options }), mapToOmop({ noVocabulary: true }));
  const report = await createRunReport(intake.warehouse, await read.run(intake.warehouse));
  expectFullAccount(report);
  return report;
}

const landed = (intake: Intake) =>
  intake.warehouse.rows(
    "select * exclude (landing_source, landing_file, landing_line) from landing.csv_people order by all",
  );

const rejects = (intake: Intake) =>
  intake.warehouse.rows(
    `select line, column_name as "column", value, code, "row" from meta.csv_reject order by file_id, line`,
  );

/** A body that comes in pieces. */
async function* pieces(content: string | Buffer, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const streamed = (content: string | Buffer, size = 7): CsvStream => ({
  name: "people.csv",
  body: pieces(content, size),
});

/** One warehouse into which both readers land, each as a source of its own, and what they made of it. */
async function bothReaders() {
  const intake = await openIntake();
  const landAs = (source: string, inputs: Inputs) =>
    pipeline(csvFiles(inputs, { mapping, source })).run(intake.warehouse);
  const result = async (source: string) => ({
    rows: await intake.warehouse.rows(
      `select * exclude (landing_source, landing_file, landing_line) from landing.csv_people where landing_source = '${source}' order by all`,
    ),
    counts: await intake.warehouse.rows<{ read: number; quarantined: number; superseded: number }>(
      `select read, quarantined, superseded from meta.file_records join meta.file using (file_id) where source = '${source}'`,
    ),
    rejects: await intake.warehouse.rows(
      `select line, column_name, value, code, reason, "row" from meta.csv_reject join meta.file using (file_id)
       where source = '${source}' order by line`,
    ),
  });
  return {
    async results(content: string | Buffer) {
      await intake.write("people.csv", content);
      await landAs("a file", intake.folder);
      await landAs("a stream", streamed(content));
      return { file: await result("a file"), stream: await result("a stream") };
    },
    [Symbol.asyncDispose]: () => intake[Symbol.asyncDispose](),
  };
}

describe("DuckDB's reader and the one that goes record by record", () => {
  const cell = fc.oneof(
    fc.constantFrom(
      "",
      "007",
      "1950-01-01",
      " a ",
      "null",
      'say "hm"',
      "two\nlines",
      "two\r\nlines",
      "a,b",
      "a;b",
      "é",
    ),
    fc.string({ unit: fc.constantFrom("a", "0", " ", ".", "ß", "'"), maxLength: 5 }),
  );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const written = fc
    .tuple(cell, fc.boolean())
    .map(([text, always]) => (always || /["\n\r,;]/.test(text) ? quoted(text) : text));
  const good = fc.tuple(written, written, written);
  const bad = fc.constantFrom(["secret"], ["1", "2", "3", "4"], ["1", '"2"x', "3"], ["1", '"2'], ["1", "2", '"']);
  const row = fc.oneof({ arbitrary: good, weight: 8 }, { arbitrary: bad, weight: 1 });

  it("give the same rows, ids and rejects", async () => {
    await using readers = await bothReaders();
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.constantFrom(",", "\t", ";", "|"),
        async (rows, lineEnd, endsWithLineEnd, delimiter) => {
          const lines = [["id", "born", "sex"], ...rows].map((cells) => cells.join(delimiter));
          const { file, stream } = await readers.results(lines.join(lineEnd) + (endsWithLineEnd ? lineEnd : ""));
          expect(stream).toEqual(file);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it("account for every record of a file, whatever was done to it", async () => {
    const piece = fc.constantFrom(
      "\t",
      '"',
      ",",
      "\n",
      "\r\n",
      "\r",
      " ",
      "\0",
      ";",
      "\\",
      '""',
      ',"',
      '",',
      '"\n',
      "a",
      "ä",
    );
    await using readers = await bothReaders();
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }),
        fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 2 }),
        async (pieces, flipped) => {
          const header = "id,born,sex\n";
          const content = Buffer.from(`${header}1,1950,F\n${pieces.join("")}\n9,1960,M\n`);
          for (const [at, byte] of flipped) {
            if (header.length + at < content.length) content[header.length + at] = byte;
          }
          const { file, stream } = await readers.results(content);
          expect(stream).toEqual(file);
          const [{ read, quarantined, superseded } = expect.fail("no counts")] = file.counts;
          expect(quarantined).toBe(file.rejects.length);
          expect(read).toBe(file.rows.length + superseded + quarantined);
        },
      ),
      {
        numRuns: 60,
        examples: [
          [[",", ",", '"', '",'], []],
          [['"', ",", '",', "\t", '""', "a", ",", "a"], []],
          [["\0", '"', "a", ",", "\t", '"', ",", "a"], []],
          [["a", ",", '"', ";", "\r\n", '"', ",", ","], []],
          [["a", ",", "a", ",", "a", ',"', '"'], []],
        ],
      },
    );
  }, 60_000);
});

it.each([
  ["as Excel writes it", "sep=;\r\nid;born;sex\r\n007;1950;F\r\n1951;M\r\n", ";"],
  ["in quotes, a delimiter that is none of the usual", '"sep=^"\nid^born^sex\n007^1950^F\n1951^M\n', "^"],
])("a line above the header may name the delimiter, %s", async (_how, content, delimiter) => {
  await using readers = await bothReaders();
  const { file, stream } = await readers.results(content);
  expect(file.rows).toEqual([expect.objectContaining({ id: "007", born: "1950", sex: "F" })]);
  expect(file.counts).toEqual([{ read: 2, quarantined: 1, superseded: 0 }]);
  expect(file.rejects).toMatchObject([{ line: 4, code: "WRONG_COLUMN_COUNT", row: `1951${delimiter}M` }]);
  expect(stream).toEqual(file);
});

describe("the encoding of a file", () => {
  const text = "id,born,sex\nweiß,1950,F\nżółw,1951,M\n";
  const utf16 = (bigEndian: boolean, mark: string) => {
    const bytes = Buffer.from(mark + text, "utf16le");
    return bigEndian ? bytes.swap16() : bytes;
  };

  it.each([
    ["UTF-8 with a byte order mark", Buffer.from(`\uFEFF${text}`)],
    ["UTF-16 LE", utf16(false, "\uFEFF")],
    ["UTF-16 BE", utf16(true, "\uFEFF")],
    ["UTF-16 LE without byte order mark", utf16(false, "")],
    ["UTF-16 BE without byte order mark", utf16(true, "")],
    ["gzip of UTF-16", gzipSync(utf16(false, "\uFEFF"))],
  ])("is seen where it is %s", async (_encoding, content) => {
    await using intake = await openIntake();
    await intake.write("people.csv", content);
    await land(intake);
    expect((await landed(intake)).map(({ id }) => id)).toEqual(["żółw", "weiß"]);
  });

  it.each(["windows-1252", "latin-1"] as const)("must be said where it is %s", async (encoding) => {
    await using intake = await openIntake();
    await intake.write("people.csv", Buffer.from("id,born,sex\nweiß,1950,F\n", "latin1"));
    expect((await land(intake)).resources).toMatchObject({ read: 1, quarantined: 1 });
    expect(await rejects(intake)).toEqual([
      { line: 2, column: "id", value: "weiß", code: "NOT_UTF8", row: "weiß,1950,F" },
    ]);
    const files = { "people.csv": { ...mapping.files["people.csv"], encoding } };
    await land(intake, intake.folder, { mapping: { name: "clinic", files } });
    expect((await landed(intake)).map(({ id }) => id)).toEqual(["weiß"]);
    expect(await rejects(intake)).toEqual([]);
  });
});

describe("the delimiter of a file", () => {
  it("may be said where it cannot be seen", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", "id^born^sex, at birth\n1^1950^F\n");
    const person = { id: "id", birthDate: "born", gender: "sex, at birth" };
    const files = { "people.csv": { delimiter: "^", person } };
    expect((await land(intake, intake.folder, { mapping: { name: "clinic", files } })).resources.mapped).toBe(1);
  });
});

describe("a stream", () => {
  it("lands like a file of its name, and replaces what it gave before", async () => {
    await using intake = await openIntake();
    await land(intake, streamed("id,born,sex\n1,1950,F\n2,1951,M\n"));
    const report = await land(intake, streamed(gzipSync("id,born,sex\n1,1950,F\nbroken\n"), 3));
    expect(report.files).toMatchObject([{ path: "people.csv", read: 2, mapped: 1, quarantined: 1 }]);
    expect(await intake.warehouse.row("select count(*) as persons from cdm.person")).toEqual({ persons: 1 });
  });

  it("may be the answer of a server", async () => {
    await using intake = await openIntake();
    const server = createServer((request, response) => {
      response.statusCode = request.url === "/people.csv" ? 200 : 404;
      response.end("id,born,sex\n1,1950,F\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const body = await fetch(`${url}/people.csv`);
      expect((await land(intake, { name: "people.csv", body })).resources).toMatchObject({ read: 1, mapped: 1 });
      const missing = land(intake, { name: "people.csv", body: await fetch(`${url}/elsewhere`) });
      expect(await failureOf(missing)).toMatchObject({ code: "HTTP_STATUS" });
    } finally {
      server.close();
    }
  });

  it("that breaks off leaves the warehouse as it was", async () => {
    await using intake = await openIntake();
    await land(intake, streamed("id,born,sex\n1,1950,F\n"));
    async function* breaking() {
      yield "id,born,sex\n2,1950,F\n";
      throw new Error("the line is dead");
    }
    const broken = land(intake, { name: "people.csv", body: breaking() });
    expect((await failureOf(broken)).message).toContain("the line is dead");
    expect((await landed(intake)).map(({ id }) => id)).toEqual(["1"]);
  });

  it("must be known to the mapping", async () => {
    await using intake = await openIntake();
    const unknown = land(intake, { name: "animals.csv", body: pieces("id\n1\n", 3) });
    expect((await failureOf(unknown)).message).toContain(
      "The mapping clinic knows no animals.csv. It knows people.csv.",
    );
  });
});

describe("a transform", () => {
  const content = "nr,born,state\n1,1950,ok\n2,1951,deleted\n3,1952,boom\n";
  const transform: CsvFilesOptions["transform"] = (row) => {
    if (row.state === "boom") throw new TypeError(`cannot read ${row.nr}`);
    return row.state === "deleted" ? undefined : { id: `p${row.nr}`, born: row.born, sex: "F" };
  };

  it("makes of each row another one, leaves it out, or refuses it", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", content);
    const report = await land(intake, intake.folder, { transform });
    expect(report.resources).toMatchObject({ read: 3, mapped: 1, ignored: 1, quarantined: 1 });
    expect(await landed(intake)).toMatchObject([{ id: "p1", born: "1950", sex: "F", nr: null }]);
    expect(await rejects(intake)).toMatchObject([{ line: 4, code: "TRANSFORM_FAILED", row: "3,1952,boom" }]);
    expect(JSON.stringify(report)).not.toContain("cannot read 3");
  });

  it("must give what the mapping asks for", async () => {
    await using intake = await openIntake();
    await intake.write("people.csv", content);
    const failure = await failureOf(land(intake, intake.folder, { transform: ({ nr }) => ({ id: nr }) }));
    expect(failure.message).toContain("people.csv, person.gender: column sex not found");
  });
});

describe("rejects", () => {
  const content = 'id,born,sex\n1,1950,F\n2,1951\n3,"1952"or so,M\n';

  it("are written beside the report, and land when they are fed back corrected", async () => {
    await using intake = await openIntake();
    await intake.write("in/people.csv", content);
    const out = join(intake.folder, "out");
    const run = (input: string) =>
      pipeline(csvFiles(input, { mapping }), mapToOmop({ noVocabulary: true }), runReport(out)).run(intake.warehouse);
    const reported = async () => JSON.parse(await readFile(join(out, "report.json"), "utf8"));

    await run(join(intake.folder, "in"));
    expect((await reported()).resources).toMatchObject({ read: 3, mapped: 1, quarantined: 2 });
    const path = join(out, "rejects.csv");
    const written = await readFile(path, "utf8");
    expect(written.split("\n")[0]).toBe("file,line,column,value,code,reason,row");
    expect(written).toContain(
      'people.csv,3,sex,,WRONG_COLUMN_COUNT,"the row has 2 columns, fewer than the 3 of the header","2,1951"',
    );

    await writeFile(path, written.replace('"2,1951"', '"2,1951,M"'));
    await run(path);
    expect((await reported()).resources).toMatchObject({ read: 3, mapped: 2, quarantined: 1 });
    expect(await rejects(intake)).toMatchObject([{ line: 4 }]);

    await writeFile(path, (await readFile(path, "utf8")).replace('"3,""1952""or so,M"', '"3,1952,M"'));
    await run(path);
    expect((await reported()).resources).toMatchObject({ read: 3, mapped: 3, quarantined: 0 });
    expect((await landed(intake)).map(({ id }) => id)).toEqual(["1", "2", "3"]);
    await expect(readFile(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("that are none any more are left, and said to be", async () => {
    await using intake = await openIntake();
    const people = await intake.write("people.csv", content);
    await land(intake);
    const fixed = `file,line,column,value,code,reason,row\n"${people}",3,,,,,"2,1951,M"\n"${people}",9,,,,,"2,1951,M"\n`;
    const rejected = await intake.write("rejects.csv", fixed);
    const warnings: (string | undefined)[] = [];
    const read = pipeline(csvFiles(rejected, { mapping }));
    await read.run(intake.warehouse, {
      onProgress: ({ state, message }) => state === "warning" && warnings.push(message),
    });
    expect(warnings).toEqual([expect.stringContaining("1 rows of rejects were left")]);
    expect((await landed(intake)).map(({ id }) => id)).toEqual(["1", "2"]);
  });

  const dated = 'id,born,sex\n1,1950,F\n"2",195O-05-01,M\n\n3,1952,M\n';

  it.each(["a file", "a stream"])("are also rows of %s that mapping drops for what stands in them", async (kind) => {
    await using intake = await openIntake();
    const file = await intake.write("people.csv", dated);
    await land(intake, kind === "a file" ? file : streamed(dated));
    expect(await rejects(intake)).toEqual([
      { line: 3, column: "born", value: "195O-05-01", code: "NO_BIRTH_DATE", row: "2,195O-05-01,M" },
    ]);
  });

  it("of both kinds stay corrected when the files are read again, as long as these have the row as it was", async () => {
    await using intake = await openIntake();
    const people = await intake.write("in/people.csv", `${dated}4,1953\n`);
    const correct = async (...rows: string[]) => {
      const lines = rows.map((row) => `"${people}",${row}`).join("\n");
      await intake.write("fixed/rejects.csv", `file,line,column,value,code,reason,row\n${lines}\n`);
      return await land(intake, join(intake.folder, "fixed"));
    };
    const again = () => land(intake, join(intake.folder, "in"));
    const born = async () => (await landed(intake)).map((row) => row.born);

    await again();
    expect(await rejects(intake)).toMatchObject([{ line: 3 }, { line: 6 }]);
    const corrected = await correct('3,,,,,"2,195I-03-01,M"', '6,,,,,"4,1953,M"');
    expect(corrected.resources).toMatchObject({ read: 4, mapped: 3, dropped: 1, quarantined: 0 });
    expect(await rejects(intake)).toMatchObject([{ line: 3, value: "195I-03-01" }]);
    await correct('3,,,,,"2,1951-03-01,M"');
    expect(await rejects(intake)).toEqual([]);

    expect((await again()).resources).toMatchObject({ read: 4, mapped: 4, dropped: 0, quarantined: 0 });
    expect((await born()).toSorted()).toEqual(["1950", "1951-03-01", "1952", "1953"]);

    await writeFile(people, `${dated.replace("195O-05-01", "1951-04-01")}4,1953,F\n`);
    await again();
    expect((await born()).toSorted()).toEqual(["1950", "1951-04-01", "1952", "1953"]);
    expect((await landed(intake)).find(({ id }) => id === "4")?.sex).toBe("F");
  });

  it("of the same content are corrected one by one, and each is one row afterwards", async () => {
    await using intake = await openIntake();
    const weights: CsvMappingInput = {
      name: "clinic",
      files: {
        ...mapping.files,
        "weights.csv": {
          events: [{ kind: "observation", person: "who", display: { constant: "weight" }, start: "day", value: "kg" }],
        },
      },
    };
    await intake.write("in/people.csv", "id,born,sex\n1,1950,F\n");
    const bad = "1,2O20-01-01,70\n";
    const path = await intake.write("in/weights.csv", `who,day,kg\n${bad}${bad}1,2020\n1,2020\n${bad}`);
    const correct = async (...rows: string[]) => {
      const lines = rows.map((row) => `"${path}",${row}\n`).join("");
      await intake.write("fixed/rejects.csv", `file,line,column,value,code,reason,row\n${lines}`);
      return await land(intake, join(intake.folder, "fixed"), { mapping: weights });
    };
    const days = async () => {
      const rows = await intake.warehouse.rows("select day from landing.csv_weights order by day");
      return rows.map(({ day }) => day);
    };

    const first = await land(intake, join(intake.folder, "in"), { mapping: weights });
    expect(first.resources).toMatchObject({ read: 6, mapped: 1, dropped: 3, quarantined: 2 });
    const halfRead = await correct('2,,,,,"1,2020-01-01,70"', '3,,,,,"1,2020-01-02"');
    expect(halfRead.resources).toMatchObject({ mapped: 0, dropped: 3, quarantined: 2 });
    const corrected = await correct(
      '2,,,,,"1,2020-01-01,70"',
      '3,,,,,"1,2020-01-02,70"',
      '4,,,,,"1,2020-02-01,71"',
      '5,,,,,"1,2020-02-02,72"',
    );
    const all = ["2020-01-01", "2020-01-02", "2020-01-02", "2020-02-01", "2020-02-02"];
    expect(corrected.resources).toMatchObject({ read: 5, mapped: 5, dropped: 0, quarantined: 0 });
    expect(await days()).toEqual(all);
    expect(await rejects(intake)).toEqual([]);

    await writeFile(path, `${await readFile(path, "utf8")}1,2020-03-01,73\n`);
    await land(intake, join(intake.folder, "in"), { mapping: weights });
    expect(await days()).toEqual([...all, "2020-03-01"]);
  });
});
