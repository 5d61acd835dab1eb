import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Intake, lines, openIntake, patient, weight } from "./intake.ts";

const good = (id: string) => JSON.stringify(weight(id));

/** Lands one NDJSON file beside a Patient. */
async function landLines(intake: Intake, content: string | Buffer, name = "Observation.ndjson") {
  await intake.write("Patient.ndjson", lines(patient("p")));
  await intake.write(name, content);
  return await intake.ingest();
}

describe("lines that are written in ways of their own", () => {
  test.each([
    ["blank lines, and lines of blanks", `\n${good("a")}\n\n   \n\t\n${good("b")}\n\n`],
    ["a byte order mark", `\uFEFF${good("a")}\n${good("b")}\n`],
    ["carriage returns", `${good("a")}\r\n\r\n${good("b")}\r\n`],
    ["no newline at the end", `${good("a")}\n${good("b")}`],
    ["blanks around and inside", `  ${JSON.stringify(weight("a"), null, 1).replaceAll("\n", " ")}  \n${good("b")} \n`],
    ["a byte order mark and another type behind", `\uFEFF${good("a")}\n${good("b")}\n`],
  ])("%s", async (_, content) => {
    await using intake = await openIntake();
    const fates = await landLines(intake, content);
    expect(fates.by_type.Observation).toMatchObject({ read: 2, landed: 2 });
    expect(await intake.ids("observation")).toEqual(["a", "b"]);
    expect(await intake.quarantine()).toEqual([]);
  });

  test.each([10, 40])("a line of %d MB", async (megabytes) => {
    await using intake = await openIntake();
    const long = JSON.stringify(weight("b", { note: [{ text: "x".repeat(megabytes * 1_000_000) }] }));
    const fates = await landLines(intake, `${good("a")}\n${long}\n${good("c")}\n`);
    expect(fates.by_type.Observation).toMatchObject({ read: 3, landed: 3 });
    expect(await intake.ids("observation")).toEqual(["a", "b", "c"]);
  });

  test("a byte order mark in a file of mixed types", async () => {
    await using intake = await openIntake();
    const fates = await landLines(intake, `\uFEFF${lines(patient("q"), weight("a"))}`, "all.ndjson");
    expect(fates).toMatchObject({ read: 3, landed: 3 });
  });

  test("a byte order mark before a Bundle", async () => {
    await using intake = await openIntake();
    const bundle = { resourceType: "Bundle", type: "collection", entry: [{ resource: weight("a") }] };
    const fates = await landLines(intake, `\uFEFF${JSON.stringify(bundle, null, 2)}`, "bundle.json");
    expect(fates).toMatchObject({ read: 2, landed: 2 });
  });
});

describe("a bad line goes to quarantine with its number, its neighbours land", () => {
  const secret = "Smith-Jones";
  test.each([
    ["broken off", `{"resourceType":"Observation","id":"x","note":"${secret}`, "NOT_JSON"],
    ["with a comma too few", `{"resourceType":"Observation" "id":"${secret}"}`, "NOT_JSON"],
    ["no JSON at all", `${secret} came by`, "NOT_JSON"],
    ["two resources on one line", `${good("x")}${good("y")}`, "NOT_JSON"],
    ["a half of a surrogate pair", `{"resourceType":"Observation","id":"\\ud800${secret}"}`, "NOT_JSON"],
    ["a control character", `{"resourceType":"Observation","id":"\u0001${secret}"}`, "NOT_JSON"],
    ["an array", `["${secret}"]`, "NOT_FHIR"],
    ["an array of resources", `[${good("x")}]`, "NOT_FHIR"],
    ["a text", `"${secret}"`, "NOT_FHIR"],
    ["a number", "5551234", "NOT_FHIR"],
    ["null", "null", "NOT_FHIR"],
    ["true", "true", "NOT_FHIR"],
    ["an object without resourceType", `{"id":"${secret}"}`, "NOT_FHIR"],
    ["an empty resourceType", `{"resourceType":"","id":"${secret}"}`, "NOT_FHIR"],
    ["a resourceType that is no text", `{"resourceType":["Observation"],"id":"${secret}"}`, "NOT_FHIR"],
    ["an empty object", "{}", "NOT_FHIR"],
  ])("%s", async (_, bad, code) => {
    await using intake = await openIntake();
    const fates = await landLines(intake, `${good("a")}\n\n${bad}\n${good("b")}\n`);
    expect(await intake.quarantine()).toMatchObject([{ line: 3, code }]);
    expect(await intake.ids("observation")).toEqual(["a", "b"]);
    expect(fates).toMatchObject({ read: 4, landed: 3, quarantined: 1 });
    for (const { reason } of await intake.quarantine()) expect(reason).not.toMatch(/Smith|5551234/);
  });

  test("the first line", async () => {
    await using intake = await openIntake();
    const fates = await landLines(intake, `{"resourceType":\n${good("a")}\n`);
    expect(await intake.quarantine()).toMatchObject([{ line: 1, code: "NOT_JSON" }]);
    expect(fates).toMatchObject({ read: 3, landed: 2, quarantined: 1 });
  });

  test("the last line, broken off without a newline", async () => {
    await using intake = await openIntake();
    const fates = await landLines(intake, `${good("a")}\n${good("b").slice(0, -20)}`);
    expect(await intake.quarantine()).toMatchObject([{ line: 2, code: "NOT_JSON" }]);
    expect(fates).toMatchObject({ read: 3, landed: 2, quarantined: 1 });
  });

  test("Latin-1 where UTF-8 belongs", async () => {
    await using intake = await openIntake();
    const latin = Buffer.from(JSON.stringify(weight("x", { note: [{ text: "Müller" }] })), "latin1");
    const content = Buffer.concat([Buffer.from(`${good("a")}\n`), latin, Buffer.from(`\n${good("b")}\n`)]);
    const fates = await landLines(intake, content);
    expect(await intake.quarantine()).toMatchObject([{ line: 2, code: "NOT_UTF8" }]);
    expect(fates).toMatchObject({ read: 4, landed: 3, quarantined: 1 });
  });

  test("many of them, each by its number", async () => {
    await using intake = await openIntake();
    const content = Array.from({ length: 3000 }, (_, i) => (i % 1000 === 499 ? "{" : good(`w${i}`))).join("\n");
    const fates = await landLines(intake, content);
    expect(await intake.quarantine()).toMatchObject([{ line: 500 }, { line: 1500 }, { line: 2500 }]);
    expect(fates).toMatchObject({ read: 3001, landed: 2998, quarantined: 3 });
  });

  test("in a file of mixed types", async () => {
    await using intake = await openIntake();
    const fates = await landLines(intake, `${lines(patient("q"))}{"a":\n${good("a")}\n`, "all.ndjson");
    expect(await intake.quarantine()).toMatchObject([{ line: 2 }]);
    expect(fates).toMatchObject({ read: 4, landed: 3, quarantined: 1 });
  });

  test("a number beyond all numbers costs its element only", async () => {
    await using intake = await openIntake();
    const content = `${good("a")}\n${good("b").replace('"value":70', '"value":1e999')}\n{"broken\n`;
    await intake.write("Patient.ndjson", lines(patient("p")));
    await intake.write("Observation.ndjson", content);
    const { resources, files } = await intake.land();
    expect(resources).toMatchObject({ read: 4, mapped: 3, quarantined: 1 });
    expect(files.find(({ quarantined }) => quarantined === 1)?.problems[0]).toMatch(/^line 3: /);
    expect(await intake.warehouse.rows("select value_as_number from cdm.measurement order by all")).toEqual([
      { value_as_number: 70 },
      { value_as_number: null },
    ]);
  });
});

describe("files that break off", () => {
  test("gzip: what was whole has landed, the place is named", async () => {
    await using intake = await openIntake();
    const content = Array.from({ length: 5000 }, (_, i) => good(`w${i}-${Math.sin(i)}`)).join("\n");
    const packed = gzipSync(content);
    const fates = await landLines(intake, packed.subarray(0, packed.length / 2), "Observation.ndjson.gz");
    const [problem] = await intake.quarantine();
    const { read } = fates.by_type.Observation!;
    expect(problem).toMatchObject({ code: "FILE_DAMAGED", line: read + 1 });
    expect(read).toBeGreaterThan(1000);
    expect(fates).toMatchObject({ landed: read + 1, quarantined: 1 });
  });

  test("gzip of a Bundle", async () => {
    await using intake = await openIntake();
    const entry = Array.from({ length: 500 }, (_, i) => ({ resource: weight(`w${i}-${Math.sin(i)}`) }));
    const packed = gzipSync(JSON.stringify({ resourceType: "Bundle", type: "collection", entry }));
    const fates = await landLines(intake, packed.subarray(0, packed.length / 2), "bundle.json.gz");
    expect(await intake.quarantine()).toMatchObject([{ code: "FILE_DAMAGED" }]);
    expect(fates).toMatchObject({ read: 2, landed: 1, quarantined: 1 });
  });

  test("gzip of a header only", async () => {
    await using intake = await openIntake();
    const fates = await landLines(intake, gzipSync(good("a")).subarray(0, 12), "Observation.ndjson.gz");
    expect(await intake.quarantine()).toMatchObject([{ code: "FILE_DAMAGED" }]);
    expect(fates).toMatchObject({ read: 2, landed: 1, quarantined: 1 });
  });

  test("a Bundle cut in the middle: its byte is named, other files land", async () => {
    await using intake = await openIntake();
    const text = JSON.stringify({ resourceType: "Bundle", entry: [{ resource: weight("a") }] }, null, 2);
    await intake.write("whole.json", text);
    const fates = await landLines(intake, text.slice(0, 200), "cut.json");
    const [problem, ...others] = await intake.quarantine();
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: "NOT_JSON" });
    expect(problem!.byte, "the place where it breaks off").toBeGreaterThan(190);
    expect(fates).toMatchObject({ read: 3, landed: 2, quarantined: 1 });
  });
});

describe("files that are something else", () => {
  test.each([
    ["a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])],
    ["random bytes", Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251))],
    ["zeros", Buffer.alloc(1000)],
    ["XML", Buffer.from("<Patient xmlns='http://hl7.org/fhir'/>")],
    ["UTF-16", Buffer.from(`\uFEFF${good("a")}`, "utf16le")],
  ])("%s, called JSON", async (_, bytes) => {
    await using intake = await openIntake();
    const fates = await landLines(intake, bytes, "strange.json");
    expect(fates).toMatchObject({ read: 2, landed: 1, quarantined: 1 });
  });

  test.each([
    ["a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])],
    ["random bytes", Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251))],
    ["zeros", Buffer.alloc(1000)],
  ])("%s, called NDJSON", async (_, bytes) => {
    await using intake = await openIntake();
    const fates = await landLines(intake, bytes, "strange.ndjson");
    expect(fates).toMatchObject({ landed: 1, quarantined: fates.read - 1 });
    expect(fates.quarantined).toBeGreaterThan(0);
  });

  test("an empty file holds nothing; as NDJSON nothing is wrong with it, as JSON it is none", async () => {
    await using intake = await openIntake();
    await intake.write("empty.json", "");
    const fates = await landLines(intake, "", "empty.ndjson");
    expect(fates).toMatchObject({ read: 2, landed: 1, quarantined: 1 });
  });

  test("a log that stands beside an export", async () => {
    await using intake = await openIntake();
    const fates = await landLines(intake, lines({ eventId: "kickoff" }, { eventId: "done" }), "log.ndjson");
    expect(await intake.quarantine()).toMatchObject([
      { line: 1, code: "NOT_FHIR" },
      { line: 2, code: "NOT_FHIR" },
    ]);
    expect(fates).toMatchObject({ read: 3, landed: 1, quarantined: 2 });
  });
});
