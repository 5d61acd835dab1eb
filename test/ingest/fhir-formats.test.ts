import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fhirFiles } from "../../src/ingest/fhir-files.ts";
import { mapToOmop } from "../../src/omop/map-to-omop.ts";
import { pipeline } from "../../src/pipeline/pipeline.ts";
import { createRunReport } from "../../src/quality/run-report.ts";
import {
  condition,
  expectFullAccount,
  type Intake,
  lines,
  openIntake,
  patient,
  type Resource,
  weight,
} from "./intake.ts";

const resources = [patient("p"), condition("c"), weight("w1"), weight("w2")];
const entries = (all: readonly Resource[]) =>
  all.map((resource) => ({ fullUrl: `http://server.example/fhir/${resource.resourceType}/${resource.id}`, resource }));
const bundle = (type: string, all: readonly Resource[]) => ({ resourceType: "Bundle", type, entry: entries(all) });

async function expectAll(intake: Intake, inputs?: string | readonly string[]) {
  const fates = await intake.ingest(inputs);
  expect(fates).toMatchObject({ read: 4, landed: 4 });
  expect(fates.by_type).toMatchObject({ Patient: { read: 1 }, Condition: { read: 1 }, Observation: { read: 2 } });
  expect(await intake.ids("patient")).toEqual(["p"]);
  expect(await intake.ids("condition")).toEqual(["c"]);
  expect(await intake.ids("observation")).toEqual(["w1", "w2"]);
  expect(await intake.quarantine()).toEqual([]);
}

const contents: Record<string, string> = {
  "NDJSON of mixed types": lines(...resources),
  "NDJSON of Bundles": lines(bundle("collection", resources.slice(0, 2)), bundle("collection", resources.slice(2))),
  "a transaction Bundle": JSON.stringify({
    ...bundle("transaction", resources),
    entry: entries(resources).map((entry) => ({ ...entry, request: { method: "PUT", url: "x" } })),
  }),
  "a batch Bundle": JSON.stringify(bundle("batch", resources)),
  "a collection Bundle": JSON.stringify(bundle("collection", resources), null, 2),
  "a searchset Bundle": JSON.stringify({
    ...bundle("searchset", resources),
    total: 4,
    link: [{ relation: "self", url: "http://server.example/fhir" }],
    entry: entries(resources).map((entry) => ({ ...entry, search: { mode: "match" } })),
  }),
  "a Bundle within a Bundle within a Bundle": JSON.stringify(
    bundle("collection", [resources[0], bundle("batch", [resources[1], bundle("collection", resources.slice(2))])]),
  ),
  "resources behind one another": resources.map((resource) => JSON.stringify(resource, null, 2)).join("\n"),
  "resources behind one another without a space": resources.map((resource) => JSON.stringify(resource)).join(""),
};

test.each(Object.entries(contents))("%s, plain and gzipped, whatever the file is called", async (name, content) => {
  await using intake = await openIntake();
  const ending = name.startsWith("NDJSON") ? "ndjson" : "json";
  const packed = gzipSync(content);
  const filled = await pipeline(
    fhirFiles(await intake.write(`data.${ending}`, content), { source: "plain" }),
    fhirFiles(await intake.write(`data.${ending}.gz`, packed), { source: "gzipped" }),
    fhirFiles(await intake.write("plain", content), { source: "plain, named by nothing" }),
    fhirFiles(await intake.write("gzipped", packed), { source: "gzipped, named by nothing" }),
    mapToOmop({ noVocabulary: true }),
  ).run(intake.warehouse);
  const report = await createRunReport(intake.warehouse, filled);
  expectFullAccount(report);
  expect(report.resources).toMatchObject({ read: 16, mapped: 16 });
  for (const file of report.files) expect(file, file.path).toMatchObject({ read: 4, mapped: 4, problems: [] });
});

test("a document Bundle: its Composition is of no use here", async () => {
  await using intake = await openIntake();
  const composition = { resourceType: "Composition", id: "doc", status: "final" };
  await intake.write("document.json", JSON.stringify(bundle("document", [composition, ...resources])));
  const fates = await intake.ingest();
  expect(fates).toMatchObject({ read: 5, landed: 4, ignored: 1 });
  expect(fates.by_type.Composition).toMatchObject({ read: 1, ignored: 1 });
});

test("a single resource a file", async () => {
  await using intake = await openIntake();
  for (const resource of resources) {
    await intake.write(`${resource.resourceType}-${resource.id}.json`, JSON.stringify(resource, null, 2));
  }
  await expectAll(intake);
});

test("NDJSON of one type a file, and a gzipped one among them", async () => {
  await using intake = await openIntake();
  await intake.write("Patient.ndjson", lines(resources[0]));
  await intake.write("Condition.ndjson.gz", gzipSync(lines(resources[1])));
  await intake.write("Observation.000.jsonl", lines(resources[2]));
  await intake.write("Observation.001.jsonl", lines(resources[3]));
  await expectAll(intake);
});

test("a file that starts as one type and goes on as another", async () => {
  await using intake = await openIntake();
  await intake.write("Observation.ndjson", lines(resources[2], resources[3], resources[0], resources[1]));
  await expectAll(intake);
});

test("gzip in several members, as some writers make it", async () => {
  await using intake = await openIntake();
  const members = resources.map((resource) => gzipSync(lines(resource)));
  await intake.write("all.ndjson.gz", Buffer.concat(members));
  await expectAll(intake);
});

describe("documents of more than 16 MB", () => {
  const attachment = { resourceType: "Binary", id: "d", data: "x".repeat(20_000_000) };
  const urn = "urn:uuid:3f2b8c9e-5a51-4d3a-9f0e-2f6f5f3c7a10";
  const nested = {
    resourceType: "Bundle",
    type: "collection",
    entry: [
      { fullUrl: urn, resource: patient("p") },
      { resource: condition("c", { subject: { reference: urn } }) },
      { resource: attachment },
      { resource: bundle("batch", resources.slice(2)) },
      { request: { method: "DELETE", url: "Patient/q" } },
      { resource: "no resource" },
    ],
  };

  async function expectNested(intake: Intake) {
    const { resources: fates, tables } = await intake.land();
    expect(fates).toMatchObject({ read: 7, mapped: 4, ignored: 2, quarantined: 1 });
    expect(tables).toMatchObject({ person: 1, condition_occurrence: 1, measurement: 2 });
  }

  test("a Bundle with a big attachment, a Bundle within, and entries without a resource", async () => {
    await using intake = await openIntake();
    await intake.write("big.json", JSON.stringify(nested, null, 2));
    await expectNested(intake);
  });

  test("the same, gzipped in several members, the last of which is empty", async () => {
    await using intake = await openIntake();
    const text = JSON.stringify(nested);
    const members = [gzipSync(text.slice(0, 15_000_000)), gzipSync(text.slice(15_000_000)), gzipSync("")];
    await intake.write("big.json.gz", Buffer.concat(members));
    await expectNested(intake);
  });

  test("resources behind one another", async () => {
    await using intake = await openIntake();
    const weights = Array.from({ length: 75_000 }, (_, i) => weight(`w${i}`));
    await intake.write("big.json", [patient("p"), ...weights].map((each) => JSON.stringify(each)).join(" "));
    expect(await intake.ingest()).toMatchObject({ read: 75_001, landed: 75_001 });
  });

  test("one that breaks off", async () => {
    await using intake = await openIntake();
    await intake.write("whole.json", JSON.stringify(patient("p")));
    await intake.write("big.json", JSON.stringify(nested).slice(0, -10));
    expect(await intake.ingest()).toMatchObject({ read: 2, landed: 1, quarantined: 1 });
    expect(await intake.quarantine()).toMatchObject([{ code: "NOT_JSON" }]);
  });

  test("half a character costs its resource only", async () => {
    await using intake = await openIntake();
    const broken = weight("broken", { note: "\ud800" });
    await intake.write("big.json", JSON.stringify(bundle("batch", [...resources, attachment, broken])));
    expect(await intake.ingest()).toMatchObject({ read: 6, landed: 4, ignored: 1, quarantined: 1 });
  });
});

describe("inputs", () => {
  async function spread(): Promise<Intake> {
    const intake = await openIntake();
    await intake.write("a/Patient.ndjson", lines(resources[0]));
    await intake.write("a/deep/er/Condition.json", JSON.stringify(resources[1]));
    await intake.write("b/Observation.ndjson", lines(resources[2], resources[3]));
    await intake.write("b/README.md", "no FHIR");
    return intake;
  }

  test("a folder: everything below it that is named like FHIR", async () => {
    await using intake = await spread();
    await expectAll(intake);
  });

  test("a glob", async () => {
    await using intake = await spread();
    await expectAll(intake, `${intake.folder}/**/*.{json,ndjson}`);
  });

  test("files, folders and globs together; what is named twice is read once", async () => {
    await using intake = await spread();
    await expectAll(intake, [
      join(intake.folder, "a"),
      join(intake.folder, "a/Patient.ndjson"),
      `${intake.folder}/b/*.ndjson`,
    ]);
  });

  test("names with blanks, quotes and letters of other languages", async () => {
    await using intake = await openIntake();
    await intake.write("it's a [folder], größer/Patient 1.ndjson", lines(...resources));
    await expectAll(intake);
  });

  test("a file that does not exist", async () => {
    await using intake = await openIntake();
    const missing = join(intake.folder, "missing.ndjson");
    await expect(intake.ingest(missing)).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringContaining(missing),
    });
  });

  test("a glob that nothing matches", async () => {
    await using intake = await openIntake();
    const pattern = `${intake.folder}/*.ndjson`;
    await expect(intake.ingest(pattern)).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringContaining(pattern),
    });
  });

  test.each([
    ["nothing", {}],
    ["other files only", { "notes.txt": "notes" }],
    ["JSON that is no FHIR", { "package.json": '{"name":"x"}' }],
    ["empty files", { "a.ndjson": "", "b.json": "" }],
    ["a Bundle without entries", { "empty.json": '{"resourceType":"Bundle","type":"searchset","total":0}' }],
  ])("a folder with %s", async (_, files) => {
    await using intake = await openIntake();
    await mkdir(join(intake.folder, "data"));
    for (const [name, content] of Object.entries(files)) await intake.write(`data/${name}`, content);
    const folder = join(intake.folder, "data");
    await expect(intake.ingest(folder)).rejects.toMatchObject({
      code: "INPUT_NOT_FHIR",
      message: expect.stringContaining(folder),
    });
  });
});
