import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCsvSplitter } from "../../src/ingest/csv-splitter.ts";

/** What a splitter gives, however the bytes come in. */
function split(content: string | Buffer, columns: number | undefined, pieceSizes: readonly number[] = []) {
  const splitter = createCsvSplitter(",", columns);
  const records = [];
  let rest = Buffer.from(content);
  for (const size of pieceSizes) {
    records.push(...splitter.push(rest.subarray(0, size)));
    rest = rest.subarray(size);
  }
  return [...records, ...splitter.push(rest), ...splitter.end()];
}

/** "3" for a record that begins on line 3, "3 OPEN_QUOTE" for one that cannot be read. */
const places = (records: ReturnType<typeof split>) =>
  records.map((record) => ("code" in record ? `${record.line} ${record.code}` : String(record.line)));

describe("the records of a file", () => {
  it.each([
    ["end with their lines, whichever way these end", "a,b\r\n1,2\n3,4\r5,6", ["1", "2", "3", "4"]],
    ["may go over several lines inside quotes", 'a,"b\nc"\n1,2\n', ["1", "3"]],
    ["are none on blank lines, which are counted", "a,b\n\n\r\n1,2\n", ["1", "4"]],
    ["have as many columns as the header", "1,2\n1\n1,2,3\n", ["1", "2 WRONG_COLUMN_COUNT", "3 WRONG_COLUMN_COUNT"]],
    ["may have quotes inside a cell", "5'10\",2\n1,2\n", ["1", "2"]],
    ["may have blanks around quotes", '1, "2" \n1,2\n', ["1", "2"]],
    ["go on behind text that stands behind a quote", '"1"x,2\n1,2\n', ["1 BROKEN_QUOTE", "2"]],
    ["go on behind a quote that never closes", '1,2\n1,"2\n1,2\n1,2', ["1", "2 OPEN_QUOTE", "3", "4"]],
    [
      "go on behind a stray quote that another one closes",
      '1,"2\n1,2\n1,"2"\n1,2\n',
      ["1 BROKEN_QUOTE", "2", "3", "4"],
    ],
  ])("%s", (_rule, text, expected) => {
    expect(places(split(text, 2))).toEqual(expected);
  });

  it("say where they go wrong and what stands there", () => {
    expect(split('1,2\n1,"2" or 3\n1\n', 2)).toMatchObject([
      { line: 1, text: "1,2" },
      { line: 2, cell: 1, value: '"2" or 3', text: '1,"2" or 3' },
      { line: 3, cell: 1, reason: "the row has 1 columns, fewer than the 2 of the header", text: "1" },
    ]);
    expect(split(Buffer.from("1,weiß\n", "latin1"), 2)).toMatchObject([
      { line: 1, code: "NOT_UTF8", cell: 1, value: "weiß", text: "1,weiß" },
    ]);
  });

  it("are the same however the bytes come in", () => {
    const content = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " "), maxLength: 40 });
    fc.assert(
      fc.property(content, fc.array(fc.nat(5)), (text, pieceSizes) => {
        expect(split(text, 2, pieceSizes)).toEqual(split(text, 2));
      }),
      { numRuns: 2_000 },
    );
  });

  it("leave out nothing: every line that holds something is part of one", () => {
    const content = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n"), maxLength: 40 });
    fc.assert(
      fc.property(content, (text) => {
        const kept = split(text, 2).map((record) => record.text);
        expect(kept.join("\n").replaceAll(/\n+/g, "\n")).toBe(text.replaceAll(/\n+/g, "\n").replaceAll(/^\n|\n$/g, ""));
      }),
    );
  });

  it("are no longer than 2 MB, and a line without end costs no memory", () => {
    const splitter = createCsvSplitter(",", 2);
    const found = splitter.push(Buffer.from("1,2\n1,"));
    const piece = Buffer.alloc(1 << 20, "x");
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 300; i++) found.push(...splitter.push(piece));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
    found.push(...splitter.push(Buffer.from("\n3,4\n")), ...splitter.end());
    expect(places(found)).toEqual(["1", "2 LINE_TOO_LONG", "3"]);
  });

  it("do not wait for a quote to close for longer than 16 MB", () => {
    const rows = `1,${"x".repeat(96)}\n`.repeat(200_000);
    const found = split(`1,"2\n${rows}`, 2);
    expect(found).toHaveLength(200_001);
    expect(places(found.slice(0, 2))).toEqual(["1 OPEN_QUOTE", "2"]);
  });
});
