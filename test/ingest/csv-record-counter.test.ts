import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRecordCounter } from "../../src/ingest/csv-record-counter.ts";

function count(content: string | Buffer, pieceSizes: readonly number[] = []) {
  const counter = createRecordCounter(",".charCodeAt(0));
  let rest = Buffer.from(content);
  for (const size of pieceSizes) {
    counter.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  counter.push(rest);
  return counter.end();
}

describe("the count of records", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é"), maxLength: 4 });
  const written = (text: string) => (/^[aé]+$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);

  it("is that of the records written, whatever they hold, however they end and come in", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 3 })
          .chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1 })),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.boolean(),
        fc.array(fc.nat(7)),
        (records, lineEnd, endsWithLineEnd, pieceSizes) => {
          const text = records.map((cells) => cells.map(written).join(",")).join(lineEnd);
          expect(count(`${text}${endsWithLineEnd ? lineEnd : ""}`, pieceSizes)).toEqual({
            records: records.length - 1,
          });
        },
      ),
    );
  });

  it.each([
    ["blank lines are none", "a,b\n\n1,2\n\n\n3,4\n", 2],
    ["a quote inside a field opens nothing", "a,b\n5'10\",x\n3,4\n", 2],
    ["an empty field is a field", "a,b\n,\n", 1],
  ])("%s", (_rule, text, records) => {
    expect(count(text)).toEqual({ records });
  });

  it.each([
    ["a quote stands behind a space", 'a,b\n1, "x\ny"\n3,4\n', "STRAY_QUOTE"],
    ["a quote stands behind a tab", 'a,b\n1,\t"x"\n', "STRAY_QUOTE"],
    ["a quote stands behind a blank that is none of ASCII", 'a,b\n1,\u00a0"x"\n', "STRAY_QUOTE"],
    ["something stands behind a closing quote", 'a,b\n"1"x,2\n', "STRAY_QUOTE"],
    ["an empty field is too many", "a,b\n1,2,\n", "SURPLUS_FIELD"],
    ["an empty field is too many behind a quoted one", 'a,b\n1,"2",\n', "SURPLUS_FIELD"],
    ["a quoted field too many is empty", 'a,b\n1,2,""\n', "SURPLUS_FIELD"],
    ["a character is NUL", "a,b\n1,\0\n", "NUL_CHARACTER"],
  ])("is not trusted where %s", (_what, text, unsafe) => {
    expect(count(text).unsafe).toBe(unsafe);
    expect(count(text.replaceAll("\n", "\r\n")).unsafe).toBe(unsafe);
  });

  it("is not trusted where a quote never closes", () => {
    expect(count('a,b\r\n"x\r\ny",2\r\n3,"4\r\n5,6\r\n').unsafe).toBe("OPEN_QUOTE");
  });

  it.each(["a,b\n1,2\r\n", "a,b\r\n1,2\n", "a,b\r1,2\n", "a,b\n1,2\r,\n"])(
    "is not trusted where lines end in two ways: %j",
    (text) => {
      expect(count(text).unsafe).toBe("MIXED_LINE_ENDS");
    },
  );
});
