import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serverMessage, withhold, withoutValues } from "../../../src/clients/http/server-message.ts";

describe("what a server says", () => {
  it.each([
    ["detail as a sentence", { detail: "no such job", message: "x" }, "no such job"],
    ["message before error", { message: "too busy", error: "x" }, "too busy"],
    ["error", { error: "broken" }, "broken"],
    ["text that is not JSON", "Bad Gateway", "Bad Gateway"],
    ["a list of sentences", { detail: ["one", "two"] }, "one; two"],
    ["nothing that fits", { errors: [{ value: "secret" }] }, ""],
    ["nothing at all", undefined, ""],
    [
      "the issues of an OperationOutcome",
      {
        resourceType: "OperationOutcome",
        issue: [
          { severity: "error", code: "too-costly", diagnostics: "ask for less" },
          { code: "invalid", details: { text: "no" } },
        ],
      },
      "too-costly: ask for less; invalid: no",
    ],
    ["an empty detail", { detail: "", message: "m" }, "m"],
  ])("is taken from %s", (_name, body, expected) => {
    expect(serverMessage(body)).toBe(expected);
  });

  it("names place, message and kind of each problem, and never the input", () => {
    const body = {
      detail: [
        { loc: ["body", "patient", "birth_date"], msg: "not a date", type: "date_parsing", input: "Jane Doe" },
        { loc: ["body", "diagnoses", 3, "code"], msg: "missing", type: "missing", ctx: { given: "Jane Doe" } },
      ],
    };
    expect(serverMessage(body)).toBe(
      "body.patient.birth_date: not a date (date_parsing); body.diagnoses.3.code: missing (missing)",
    );
  });

  it("is cleared of every text of the patient, whole words only and in any case", () => {
    const history = { patient: { patient_id: "p-17", sex: "F" }, diagnoses: [{ code: "I50.9" }] };
    expect(withhold("Patient P-17 (F) has I50.9, not I50.91 or p-171", history)).toBe(
      "Patient [withheld] ([withheld]) has [withheld], not I50.91 or p-171",
    );
  });

  it("is one line of bounded length", () => {
    const line = withhold(`first\n\tsecond ${"x".repeat(2000)}`, undefined);
    expect(line.startsWith("first second")).toBe(true);
    expect(line.length).toBeLessThanOrEqual(501);
  });

  it("never keeps a confidential text, whatever characters it has", () => {
    const secret = fc
      .string({ minLength: 1 })
      .filter((text) => /[\p{L}\p{N}]/u.test(text) && !"withheld".includes(text.trim().toLowerCase()));
    fc.assert(
      fc.property(secret, (text) => {
        const said = withhold(`refused: "${text}" is not known`, [{ deep: [text] }]);
        return said.includes("[withheld]");
      }),
    );
  });
});

describe("a text without values", () => {
  it.each([
    ["Column patient_id is missing in the diagnosis file", "Column patient_id is missing in the diagnosis file"],
    ["patient A-17, born 1950-02-28, in row 3", "patient … born … in row …"],
    [`"Jane Doe" is not 'known'`, "… is not …"],
  ])("%j is %j", (text, clean) => {
    expect(withoutValues(text)).toBe(clean);
  });
});
