import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPhenomEngine, type PhenomEngine } from "../../../src/engines/phenom/engine.ts";
import { guideOutcomeId, localOutcomeId } from "../../../src/engines/phenom/outcomes.ts";

/*
 * What the contract wants a server to bear with, by the number of the point; test/clients/phenom/tolerances.test.ts has the
 * side of the client.
 */

let engine: PhenomEngine;
beforeEach(() => {
  engine = createPhenomEngine({ token: "secret" });
});
afterEach(async () => await engine.close());

interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, looked into by the tests
  readonly body: any;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const response = await engine.request(path, {
    method,
    headers: { authorization: "Bearer secret", ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const openBatch = async (): Promise<string> => (await ask("POST", "/v1/batch", {})).body.batch_id;
const openUpload = (batch: string, more: object = {}) =>
  ask("POST", `/v1/batch/${batch}/upload`, { object_type: "patients", filename: "p.csv", mode: "single", ...more });

function put(url: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> {
  const length = { "content-length": String(Buffer.byteLength(body)) };
  return Promise.resolve(engine.request(url, { method: "PUT", body, headers: { ...length, ...headers } }));
}

/** Scores one patients file and one of diagnoses, and gives the finished job. */
async function scored(patients: string | Buffer, diagnoses: string): Promise<Answered["body"]> {
  const batch = await openBatch();
  await put((await openUpload(batch)).body.url, patients);
  await put((await openUpload(batch, { object_type: "diagnosis" })).body.url, diagnoses);
  await ask("POST", `/v1/batch/${batch}/finalize`);
  const { job_id } = (await ask("POST", `/v1/batch/${batch}/start`, { outcome_ids: [localOutcomeId] })).body;
  for (;;) {
    const { body } = await ask("GET", `/v1/job/${job_id}`);
    if (/^(SUCCEEDED|FAILED)/.test(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const history = (more: object = {}) => ({
  patient: { patient_id: "p", birth_date: "1960-01-01", sex: "F", zip3: "606" },
  ...more,
});
const single = (patient_history: object) =>
  ask("POST", "/v1/job/from-patient", { outcome_ids: [localOutcomeId], patient_history, idempotency_key: "k" });

describe("the engine", () => {
  it.each([
    "patients",
    "lab_results",
    "diagnosis",
    "procedures",
    "medications",
    "patient",
    "lab_result",
    "diagnoses",
    "procedure",
    "medication",
  ])("P-01: takes the kind %s", async (object_type) => {
    expect((await openUpload(await openBatch(), { object_type })).status).toBe(200);
  });

  it("P-01: names object_type where it refuses a kind", async () => {
    const { status, body } = await openUpload(await openBatch(), { object_type: "allergies" });
    expect([status, body.detail[0].loc]).toEqual([422, ["body", "object_type"]]);
  });

  it("P-02: takes diagnosis for diagnoses in a history", async () => {
    const diagnosis = [{ diagnosis_date: "2020-01-01", code: "C79.5", code_type_name: "ICD10" }];
    const { job_id } = (await single(history({ diagnosis }))).body;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await ask("GET", `/v1/job/${job_id}/results`)).body.items[0].probability).toBeGreaterThan(0.99);
  });

  it("P-07: takes columns in any order and leaves out unknown ones; a missing one is an error of the job", async () => {
    const diagnoses = "code,more,code_type_name,patient_id,diagnosis_date\nI50.9,x,ICD10,p,2020-01-01\n";
    const patients = "sex,birth_date,zip3,name,patient_id\nF,1960-01-01,606,x,p\n";
    expect(await scored(patients, diagnoses)).toMatchObject({ status: "SUCCEEDED", metrics: { patients_scored: 1 } });
    expect(await scored(patients, diagnoses.replace("patient_id", "patient"))).toMatchObject({
      status: "FAILED",
      error_message: "Column patient_id is missing in the diagnosis file",
    });
  });

  it("P-07: fails a job whose file is empty or no text, and goes on with the next", async () => {
    for (const broken of ["", "\0\0\u0001"]) {
      expect((await scored(broken, "patient_id,diagnosis_date,code,code_type_name\n")).status).toBe("FAILED");
    }
    expect(
      (await scored("patient_id,birth_date,sex,zip3\n", "patient_id,diagnosis_date,code,code_type_name\n")).metrics,
    ).toMatchObject({ patients_scored: 0, records_processed: 0 });
  });

  it("P-07: fails a job whose file breaks off, naming the file, and goes on with the next", async () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => `p${i},1960-01-01,F,606`);
    const patients = `patient_id,birth_date,sex,zip3\n${rows.join("\n")}\n`;
    const diagnoses = "patient_id,diagnosis_date,code,code_type_name\np1,2020-01-01,I10,ICD10\n";
    const whole = gzipSync(patients);
    expect(await scored(whole.subarray(0, whole.length / 2), diagnoses)).toMatchObject({
      status: "FAILED",
      error_message: "The patients file breaks off, or is damaged",
    });
    expect((await scored(whole, diagnoses)).metrics).toMatchObject({ patients_scored: 1, patients_excluded: 99_999 });
  });

  it("P-08: refuses to finalize only where there is no patients file", async () => {
    const batch = await openBatch();
    expect((await ask("POST", `/v1/batch/${batch}/finalize`)).status).toBe(409);
    await put((await openUpload(batch)).body.url, "patient_id\n");
    expect((await ask("POST", `/v1/batch/${batch}/finalize`)).status).toBe(200);
  });

  it("P-13, P-14: pages by token or by number, 1 to 5000 rows", async () => {
    const patients = [
      "patient_id,birth_date,sex,zip3",
      "a,1950-01-01,F,606",
      "b,1950-01-01,F,606",
      "c,1950-01-01,F,606",
    ];
    const diagnoses = [
      "patient_id,diagnosis_date,code,code_type_name",
      ...["a", "b", "c"].map((id) => `${id},2020-01-01,I10,ICD10`),
    ];
    const { job_id } = await scored(`${patients.join("\n")}\n`, `${diagnoses.join("\n")}\n`);
    const rows = async (query: string) =>
      (await ask("GET", `/v1/job/${job_id}/results?${query}`)).body.items.map(
        ({ patient_id }: { patient_id: string }) => patient_id,
      );
    expect(await rows("page_size=2")).toEqual(["a", "b"]);
    expect(await rows("page_size=2&page=2")).toEqual(["c"]);
    expect(await rows("page_size=2&page=2&page_token=row-1")).toEqual(["b", "c"]);
    for (const size of [0, 5001])
      expect((await ask("GET", `/v1/job/${job_id}/results?page_size=${size}`)).status).toBe(422);
  });

  it("P-27: takes three to five characters of a ZIP code", async () => {
    for (const [zip3, status] of [
      ["60", 422],
      ["606", 201],
      ["60614", 409],
      ["606141", 422],
    ] as const) {
      expect((await single(history({ patient: { ...history().patient, zip3 } }))).status).toBe(status);
    }
  });

  it("P-34: reads JSON whatever the header says", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const upload = { object_type: "patients", filename: "p.csv", mode: "single" };
    expect((await ask("POST", `/v1/batch/${await openBatch()}/upload`, upload, form)).status).toBe(200);
  });

  it("forgets the oldest jobs with their rows and files", async () => {
    await engine.close();
    engine = createPhenomEngine({ token: "secret", maximumJobs: 1 });
    const patients = "patient_id,birth_date,sex,zip3\np,1960-01-01,F,606\n";
    const diagnoses = "patient_id,diagnosis_date,code,code_type_name\np,2020-01-01,I10,ICD10\n";
    const first = await scored(patients, diagnoses);
    const { url } = (await ask("GET", `/v1/job/${first.job_id}/results/download`)).body.manifest.shards[0];
    expect((await engine.request(url)).status).toBe(200);
    const second = await scored(patients, diagnoses);
    expect((await ask("GET", `/v1/job/${first.job_id}/results`)).status).toBe(404);
    expect((await ask("GET", `/v1/job/${second.job_id}/results`)).body.total_rows).toBe(1);
    await expect.poll(async () => (await engine.request(url)).status).toBe(404);
  });

  it("lists its outcomes, the one of the guide's examples among them", async () => {
    expect((await ask("POST", "/v1/outcome")).body).toEqual([localOutcomeId, guideOutcomeId]);
  });
});

describe("the store", () => {
  const csv = "patient_id,birth_date,sex,zip3\n";

  it("takes a file by its URL alone, and answers with its ETag", async () => {
    const { url } = (await openUpload(await openBatch())).body;
    const response = await put(url, csv);
    expect([response.status, response.headers.get("etag")]).toEqual([200, expect.stringMatching(/^"[0-9a-f]{32}"$/)]);
  });

  it("refuses a second kind of authorization, a URL that was changed, and another method", async () => {
    const { url } = (await openUpload(await openBatch())).body;
    expect((await put(url, csv, { authorization: "Bearer secret" })).status).toBe(400);
    expect((await put(url.replace(/expires=\d/, "expires=9"), csv)).status).toBe(403);
    expect((await put(`${url}0`, csv)).status).toBe(403);
    expect((await engine.request(url)).status).toBe(403);
  });

  it("says in XML that a URL has expired", async () => {
    await using hasty = createPhenomEngine({ token: "secret", urlLifetimeSeconds: -1 });
    engine = hasty;
    const response = await put((await openUpload(await openBatch())).body.url, csv);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("<Message>Request has expired</Message>");
  });

  it("takes nothing for a batch that is finalized, or an upload that was given up", async () => {
    const batch = await openBatch();
    const [first, second, third] = await Promise.all([openUpload(batch), openUpload(batch), openUpload(batch)]);
    await put(first.body.url, csv);
    expect((await ask("DELETE", `/v1/batch/${batch}/upload/${second.body.upload_id}`)).status).toBe(200);
    expect((await put(second.body.url, csv)).status).toBe(409);
    await ask("POST", `/v1/batch/${batch}/finalize`);
    expect((await put(third.body.url, csv)).status).toBe(409);
  });

  it("puts parts together only by the ETags that it gave, in order", async () => {
    const batch = await openBatch();
    const { upload_id } = (await openUpload(batch, { mode: "multipart" })).body;
    const path = `/v1/batch/${batch}/upload/${upload_id}`;
    const parts = [];
    for (const part_number of [1, 2]) {
      const { url } = (await ask("POST", `${path}/part/${part_number}/url`)).body;
      parts.push({ part_number, etag: (await put(url, csv)).headers.get("etag") });
    }
    const complete = (list: unknown) => ask("POST", `${path}/complete`, { parts: list });
    expect((await complete([parts[0], { ...parts[1], etag: '"0"' }])).status).toBe(422);
    expect((await complete([parts[1], parts[0]])).status).toBe(422);
    expect((await complete(parts)).body).toMatchObject({
      size_bytes: 2 * csv.length,
      etag: expect.stringMatching(/-2"$/),
    });
    expect((await complete(parts)).status).toBe(409);
  });
});
