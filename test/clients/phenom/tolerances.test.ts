import { describe, expect, it } from "vitest";
import type { JobFromPatientRequest, JobResult, PatientHistory } from "../../../schemas/phenom.ts";
import { batchFileKinds, batchFiles } from "../../../schemas/phenom-files.ts";
import { createPhenomClient } from "../../../src/clients/phenom/client.ts";
import { phenomCodeSystem } from "../../../src/clients/phenom/code-systems.ts";
import { batchPollSchedule, pollSchedule } from "../../../src/clients/phenom/wait-for-job.ts";
import { patientHistories } from "../../../src/features/patient-histories.ts";
import { mappedWarehouse } from "../../../src/omop/map-to-omop.ts";
import { pipeline } from "../../../src/pipeline/pipeline.ts";
import { concept, condition, openCdm, person } from "../../support/cdm.ts";
import { failureOf } from "../../support/failure.ts";
import { openFolder } from "../../support/folder.ts";
import { deployment, gives, type Route, says } from "../../support/phenom-deployment.ts";
import { cutBody, hangUp } from "../http/loopback.ts";

/*
 * What deployments do differently, or what the user guide leaves open: one test for each of the points P-01 to P-37 of
 * the contract. Those about what a server tolerates are in test/engines/phenom/tolerances.test.ts.
 */

const history: PatientHistory = {
  patient: { patient_id: "patient-7", birth_date: "1950-02-28", sex: "F", zip3: "606" },
  diagnoses: [{ diagnosis_date: "2020-01-01", code: "I50.9", code_type_name: "ICD10" }],
};
const request: JobFromPatientRequest = {
  outcome_ids: ["outcome"],
  patient_history: history,
  idempotency_key: "0f3c2b1a",
};
const result: JobResult = {
  patient_id: "patient-7",
  outcome_id: "outcome",
  probability: 0.25,
  prob_lower_95_percent_bound: 0.2,
  prob_upper_95_percent_bound: 0.3,
  relative_probability: 2,
  rel_lower_95_percent_bound: 1.6,
  rel_upper_95_percent_bound: 2.4,
  bin_id: 7,
  num_bins: 100,
};
const csv = "patient_id,birth_date,sex,zip3\npatient-7,1950-02-28,F,606\n";
const created = says(201, { job_id: "job", status: "QUEUED" });

async function all<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

/** Uploads one patients file to a deployment and gives what the store was sent. */
async function upload(
  routes: Parameters<typeof deployment>[0],
  { mode, session }: { mode?: "single" | "multipart"; session?: (origin: string) => object } = {},
) {
  await using folder = await openFolder();
  const path = await folder.write("p.csv", csv);
  let origin = "";
  const opened: Route = () => gives(session?.(origin) ?? { upload_id: "u", url: `${origin}/store/file` });
  const service = await deployment({ "POST /v1/batch/b/upload": opened, "PUT /store/file": says(200, ""), ...routes });
  origin = service.url;
  await using closing = service;
  const state = await service.client
    .uploadFile("b", { kind: "patients", path, mode })
    .catch((error: unknown) => error as Error);
  const stored = service.received.filter(({ url }) => url.startsWith("/store"));
  return { state, stored, calls: closing.calls, bodies: service.bodies("POST /v1/batch/b/upload") };
}

describe("batches and their files", () => {
  it("P-01: the guide's spelling of a kind is sent; the other where a 422 names object_type, and from then on", async () => {
    const refused = says(422, { detail: [{ loc: ["body", "object_type"], msg: "not one of these", type: "enum" }] });
    await using service = await deployment({ "POST /v1/batch/b/upload": [refused, gives({ upload_id: "u" })] });
    const file = { filename: "f.csv", mode: "single" } as const;
    await service.client.createUpload("b", { ...file, kind: "patients" });
    await service.client.createUpload("b", { ...file, kind: "lab_results" });
    const sent = service.bodies("POST /v1/batch/b/upload").map(({ object_type }) => object_type);
    expect(sent).toEqual(["patients", "patient", "lab_result"]);
    await using strict = await deployment({ "POST /v1/batch/b/upload": refused });
    const error = await failureOf(strict.client.createUpload("b", { ...file, kind: "patients" }));
    expect([error.code, strict.calls.length]).toEqual(["HTTP_STATUS", 2]);
  });

  it("P-02: diagnoses in a history, diagnosis as a kind of file", async () => {
    await using service = await deployment({
      "POST /v1/job/from-patient": created,
      "POST /v1/batch/b/upload": gives({ upload_id: "u" }),
    });
    await service.client.createJobFromPatient(request);
    await service.client.createUpload("b", { kind: "diagnoses", filename: "f.csv", mode: "single" });
    const [sent] = service.bodies("POST /v1/job/from-patient");
    expect(Object.keys(sent!.patient_history as object)).toContain("diagnoses");
    expect(service.bodies("POST /v1/batch/b/upload")[0]).toMatchObject({ object_type: "diagnosis" });
  });

  it.each(["url", "presigned_url", "upload_url", "signed_url", "put_url"])(
    "P-03: the URL of an upload is read from %s, without upload_id and expires_at",
    async (name) => {
      const { state, stored } = await upload({}, { session: (origin) => ({ [name]: `${origin}/store/file` }) });
      expect(state).toMatchObject({ done: true });
      expect(stored[0]?.body).toBe(csv);
    },
  );

  it("P-04: a file is PUT as it is, with its length and without a token", async () => {
    const { state, stored } = await upload({ "PUT /store/file": says(204, "") });
    expect(state).toMatchObject({ done: true });
    expect(stored).toHaveLength(1);
    expect(stored[0]?.headers).toMatchObject({ "content-type": "text/csv", "content-length": String(csv.length) });
    for (const name of ["authorization", "x-tenant-id", "x-request-id", "transfer-encoding"])
      expect(stored[0]?.headers).not.toHaveProperty(name);
  });

  it("P-04: method and headers of the session are obeyed", async () => {
    const { stored } = await upload(
      { "POST /store/file": says(200, "") },
      { session: (origin) => ({ url: `${origin}/store/file`, method: "POST", headers: { "x-sealed": "yes" } }) },
    );
    expect(stored[0]).toMatchObject({ method: "POST", headers: { "x-sealed": "yes" }, body: csv });
  });

  it("P-04: a session with fields gets the file in a form", async () => {
    const { stored } = await upload(
      { "POST /store/file": says(204, "") },
      { session: (origin) => ({ url: `${origin}/store/file`, fields: { policy: "p" } }) },
    );
    expect(stored[0]?.headers["content-type"]).toContain("multipart/form-data");
    expect(stored[0]?.body).toMatch(/name="policy"[\s\S]*\sp\s[\s\S]*name="file"[\s\S]*patient-7/);
  });

  it("P-04: after 403 of the store, whose URL has expired, a new session is opened", async () => {
    const { state, calls } = await upload({
      "PUT /store/file": [says(403, "<Error><Code>AccessDenied</Code></Error>"), says(200, "")],
    });
    expect(state).toMatchObject({ done: true });
    expect(calls.filter((call) => call === "POST /v1/batch/b/upload")).toHaveLength(2);
  });

  it("P-05: upload_method is s3_multipart whatever the mode; a small file goes in one piece", async () => {
    await using service = await deployment({ "POST /v1/batch": says(201, { batch_id: "b", status: "CREATED" }) });
    await service.client.createBatch();
    expect(service.bodies("POST /v1/batch")).toEqual([{ upload_method: "s3_multipart" }]);
    expect((await upload({})).bodies).toMatchObject([{ mode: "single" }]);
  });

  it("P-06: a part that fails is sent again to a fresh URL; the parts are put together by number and ETag", async () => {
    let origin = "";
    await using folder = await openFolder();
    const part =
      (number: number): Route =>
      () =>
        gives({ url: `${origin}/store/${number}` });
    await using service = await deployment({
      "POST /v1/batch/b/upload": gives({ upload_id: "u", part_size_bytes: 30 }),
      "POST /v1/batch/b/upload/u/part/1/url": part(1),
      "POST /v1/batch/b/upload/u/part/2/url": part(2),
      "PUT /store/1": says(200, "", { etag: '"one"' }),
      "PUT /store/2": [says(500, ""), says(200, "", { etag: '"two"' })],
      "POST /v1/batch/b/upload/u/complete": gives({ upload_id: "u" }),
    });
    origin = service.url;
    const path = await folder.write("p.csv", csv);
    await service.client.uploadFile("b", { kind: "patients", path, mode: "multipart" });
    expect(service.calls.filter((call) => call.endsWith("/2/url"))).toHaveLength(2);
    const parts = new Map(
      service.received.filter(({ method }) => method === "PUT").map(({ url, body }) => [url, body]),
    );
    expect(`${parts.get("/store/1")}${parts.get("/store/2")}`).toBe(csv);
    expect(service.bodies("POST /v1/batch/b/upload/u/complete")).toEqual([
      {
        parts: [
          { part_number: 1, etag: '"one"' },
          { part_number: 2, etag: '"two"' },
        ],
      },
    ]);
  });

  it("P-06: a deployment without parts gets the file in one piece", async () => {
    const { state, stored, bodies } = await upload({ "DELETE /v1/batch/b/upload/u": gives({}) }, { mode: "multipart" });
    expect(state).toMatchObject({ done: true, mode: "single" });
    expect(bodies.map(({ mode }) => mode)).toEqual(["multipart", "single"]);
    expect(stored[0]?.body).toBe(csv);
  });

  it("P-07: the columns of a file are the members of a history behind patient_id", () => {
    for (const kind of batchFileKinds) expect(batchFiles[kind].columns[0]).toBe("patient_id");
    const [diagnosis] = history.diagnoses!;
    expect(batchFiles.diagnoses.columns.slice(1)).toEqual(Object.keys(diagnosis!));
    expect(batchFiles.patients.columns).toEqual(Object.keys(history.patient));
  });

  it("P-08: any number of files of a kind, each under another name", async () => {
    const names = (await Promise.all([upload({}), upload({})])).flatMap(({ bodies }) =>
      bodies.map((body) => body.filename),
    );
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^patients-[0-9a-f-]{36}\.csv$/);
  });

  it.each([404, 405, 501])("P-09: a deployment that does not validate (%i) is gone on with", async (status) => {
    await using service = await deployment({ "POST /v1/batch/b/validate": says(status, { detail: "no" }) });
    expect(await service.client.validateBatch("b", ["outcome"])).toBeUndefined();
  });

  it("P-09: a validation that has failed stops before the start; one that is queued is not waited for", async () => {
    await using service = await deployment({
      "POST /v1/batch/b/validate": [
        says(202, { validation_id: "v", status: "QUEUED" }),
        says(202, { validation_id: "v", status: "failed" }),
      ],
    });
    expect(await service.client.validateBatch("b", ["outcome"])).toMatchObject({ status: "QUEUED" });
    expect((await failureOf(service.client.validateBatch("b", ["outcome"]))).code).toBe("JOB_FAILED");
    expect(service.calls).toHaveLength(2);
  });

  it("P-10: a state of a batch that is not known is passed through", async () => {
    await using service = await deployment({ "GET /v1/batch/b": gives({ batch_id: "b", status: "THAWING" }) });
    expect((await service.client.getBatch("b")).status).toBe("THAWING");
  });
});

describe("jobs", () => {
  const ends = async (status: string) => {
    await using service = await deployment({ "GET /v1/job/job": gives({ job_id: "job", status }) });
    return await service.client.waitForJob("job").then(
      () => "succeeded",
      (error: { code: string }) => error.code,
    );
  };

  it("P-11: states in any case; both kinds of success; four further words for failed; unknown ones go on", async () => {
    expect(await ends("succeeded")).toBe("succeeded");
    expect(await ends("SUCCEEDED_WITH_EXCLUSIONS")).toBe("succeeded");
    for (const status of ["FAILED", "cancelled", "CANCELED", "EXPIRED", "ERROR"])
      expect(await ends(status)).toBe("JOB_FAILED");
    await using service = await deployment({
      "GET /v1/job/job": [gives({ job_id: "job", status: "PONDERING" }), gives({ job_id: "job", status: "SUCCEEDED" })],
    });
    expect((await service.client.waitForJob("job")).status).toBe("SUCCEEDED");
  });

  it("P-12: looks grow from 1 s by half, to 15 s for 5 minutes, or to 60 s for 24 hours; Retry-After is honoured", async () => {
    expect(pollSchedule).toEqual({
      firstMilliseconds: 1000,
      factor: 1.5,
      capMilliseconds: 15_000,
      deadlineMilliseconds: 300_000,
    });
    expect(batchPollSchedule).toEqual({ ...pollSchedule, capMilliseconds: 60_000, deadlineMilliseconds: 86_400_000 });
    const running = says(200, { job_id: "job", status: "RUNNING" }, { "retry-after": "0" });
    const batchPoll = { firstMilliseconds: 20, factor: 1000, capMilliseconds: 60_000 };
    await using service = await deployment(
      { "GET /v1/job/job": [running, running, running, gives({ job_id: "job", status: "SUCCEEDED" })] },
      { batchPoll },
    );
    const before = performance.now();
    await service.client.waitForJob("job", { workflow: "batch" });
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it("P-13: pages go by token; by number where tokens lead nowhere; and never round in circles", async () => {
    const rows = ["a", "b", "c"].map((patient_id) => ({ ...result, patient_id }));
    const path = "GET /v1/job/job/results";
    const pageOf = (number: number) => ({ items: [rows[number - 1]], next_page_token: number < 3 ? "more" : null });
    await using counting = await deployment({
      [path]: ({ url }) => gives(pageOf(Number(new URL(url, "http://x").searchParams.get("page") ?? 1))),
    });
    expect((await all(counting.client.listJobResults("job"))).map(({ patient_id }) => patient_id)).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(counting.received.map(({ url }) => url.split("?")[1])).toEqual([
      "page_size=1000",
      "page_size=1000&page_token=more",
      "page_size=1000&page=2",
      "page_size=1000&page=3",
    ]);
    await using stuck = await deployment({ [path]: gives(pageOf(1)) });
    expect((await failureOf(all(stuck.client.listJobResults("job")))).message).toContain("repeats itself");
  });

  it.each([
    [0, 1],
    [9999, 5000],
    [12.7, 12],
  ])("P-14: a page size of %d becomes %d", async (asked, sent) => {
    await using service = await deployment({ "GET /v1/job/job/errors": gives({ items: [] }) }, { pageSize: asked });
    await all(service.client.listJobErrors("job"));
    expect(service.received[0]?.url).toBe(`/v1/job/job/errors?page_size=${sent}`);
  });

  it.each([0, 99, null, undefined])("P-15: total_rows of %s decides nothing", async (total_rows) => {
    await using service = await deployment({
      "GET /v1/job/job/results": [
        gives({ items: [result], next_page_token: "2", total_rows }),
        gives({ items: [{ ...result, outcome_id: "other" }], total_rows }),
      ],
    });
    expect(await all(service.client.listJobResults("job"))).toHaveLength(2);
  });

  const header = Object.keys(result).join();
  const line = (patient: string) => [patient, ...Object.values(result).slice(1)].join();

  it.each([
    ["in a manifest", (url: string) => ({ mode: "manifest", manifest: { shards: [{ key: "k", url }] } })],
    ["bare", (url: string) => ({ total_rows: 1, shards: [{ url }] })],
    ["as addresses", (url: string) => ({ manifest: { shards: [url] } })],
    ["as one url", (url: string) => ({ url })],
  ])("P-16: files of results come %s", async (_name, shape) => {
    let origin = "";
    await using service = await deployment({
      "GET /v1/job/job/results/download": () => gives(shape(`${origin}/store/1`)),
      "GET /store/1": says(200, `${header}\n${line("patient-7")}\n`, { "content-type": "text/csv" }),
    });
    origin = service.url;
    expect(await all(service.client.downloadJobResults("job"))).toEqual([result]);
    expect(service.received.at(-1)?.headers).not.toHaveProperty("authorization");
  });

  it("P-16: when a URL has expired, the manifest is asked for again, and files are told by their keys", async () => {
    let origin = "";
    const manifest =
      (keys: string[], suffix: string): Route =>
      () =>
        gives({ manifest: { shards: keys.map((key) => ({ key, url: `${origin}/store/${key}${suffix}` })) } });
    const file = (patient: string) => says(200, `${header}\n${line(patient)}\n`);
    await using service = await deployment({
      "GET /v1/job/job/results/download": [manifest(["1", "2"], ""), manifest(["2", "1"], "-fresh")],
      "GET /store/1": file("a"),
      "GET /store/2": says(403, "<Error><Code>AccessDenied</Code></Error>"),
      "GET /store/2-fresh": file("b"),
    });
    origin = service.url;
    const rows = await all(service.client.downloadJobResults("job"));
    expect(rows.map(({ patient_id }) => patient_id)).toEqual(["a", "b"]);
  });

  it("P-16: a file that is shorter than announced is not taken for whole", async () => {
    let origin = "";
    await using service = await deployment({
      "GET /v1/job/job/results/download": () => gives({ shards: [{ size: 999, url: `${origin}/store/1` }] }),
      "GET /store/1": says(200, `${header}\n${line("a")}\n`),
    });
    origin = service.url;
    expect((await failureOf(all(service.client.downloadJobResults("job")))).message).toContain(
      "999 bytes were announced",
    );
  });

  it("P-17: columns are told by the header; unknown ones are kept; numbers are numbers", async () => {
    let origin = "";
    const names = [...Object.keys(result), "site"].reverse();
    const cells = [...Object.values(result), "north"].reverse();
    await using service = await deployment({
      "GET /v1/job/job/results/download": () => gives({ url: `${origin}/store/1` }),
      "GET /store/1": says(200, `\uFEFF${names.join()}\r\n${cells.join()}\r\n`),
    });
    origin = service.url;
    expect(await all(service.client.downloadJobResults("job"))).toEqual([{ ...result, site: "north" }]);
  });

  it("P-18: of an exclusion only the patient is relied upon; a bare list will do", async () => {
    await using service = await deployment({ "GET /v1/job/job/exclusions": gives([{ patient_id: "p", cohort: "x" }]) });
    expect(await all(service.client.listJobExclusions("job"))).toEqual([{ patient_id: "p", cohort: "x" }]);
  });

  it("P-19: errors have either shape or both, always a message, and keep what is unknown; a bare list will do", async () => {
    const errors = [
      { error_type: "validation_error", message: "m", timestamp: "2026-01-01T00:00:00Z" },
      { object_type: "diagnosis", file: "f", row: 3, code: "E1", message: "m", severity: "high" },
      { code: "E2" },
    ];
    await using service = await deployment({ "GET /v1/job/job/errors": gives(errors) });
    const read = await all(service.client.listJobErrors("job"));
    expect(read.slice(0, 2)).toEqual(errors.slice(0, 2));
    expect(read[2]).toEqual({ code: "E2", message: expect.any(String) });
  });

  it("P-20: a finished job may have no metrics, or no optional ones", async () => {
    const metrics = { records_processed: 1, patients_scored: 1, patients_excluded: 0 };
    await using service = await deployment({
      "GET /v1/job/job": [
        gives({ job_id: "job", status: "SUCCEEDED" }),
        gives({ job_id: "job", status: "SUCCEEDED", metrics }),
      ],
    });
    expect((await service.client.waitForJob("job")).metrics).toBeUndefined();
    expect((await service.client.waitForJob("job")).metrics).toEqual(metrics);
  });

  it("P-21: one patient always has a key, kept over tries", async () => {
    await using service = await deployment({
      "POST /v1/job/from-patient": [{ behave: cutBody }, created],
      "GET /v1/job/job": gives({ job_id: "job", status: "SUCCEEDED" }),
      "GET /v1/job/job/results": gives({ items: [result] }),
    });
    await service.client.scorePatient({ history, outcomeIds: ["outcome"] });
    const keys = service.bodies("POST /v1/job/from-patient").map(({ idempotency_key }) => idempotency_key);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ["the answer is lost", { behave: cutBody }],
    ["nothing is answered", { behave: hangUp }],
    ["the service fails", says(500, "")],
    ["a gateway gives up", says(504, "")],
    ["the answer cannot be read", says(202, "<html>")],
  ])("P-21: a batch is not opened or started again when %s, unless asked for", async (_name, trouble) => {
    const routes = {
      "POST /v1/batch": [trouble, says(201, { batch_id: "b", status: "CREATED" })],
      "POST /v1/batch/b/start": [trouble, says(202, { job_id: "job", status: "QUEUED" })],
    };
    await using careful = await deployment(routes);
    expect((await failureOf(careful.client.createBatch())).code).toBe("CALL_UNCERTAIN");
    expect((await failureOf(careful.client.startBatch("b", ["outcome"]))).code).toBe("CALL_UNCERTAIN");
    expect(careful.calls).toHaveLength(2);
    if (_name === "the answer cannot be read") return;
    await using bold = await deployment(routes);
    expect((await bold.client.startBatch("b", ["outcome"], { repeatUncertain: true })).job_id).toBe("job");
  });

  it("P-21: it is sent again where the service says that it did nothing", async () => {
    await using service = await deployment({
      "POST /v1/batch/b/start": [
        says(429, "", { "retry-after": "0" }),
        says(503, "", { "retry-after": "0" }),
        says(202, { job_id: "job", status: "QUEUED" }),
      ],
    });
    expect((await service.client.startBatch("b", ["outcome"])).job_id).toBe("job");
  });

  it("P-21: a batch whose freezing was not answered is looked at", async () => {
    await using service = await deployment({
      "POST /v1/batch/b/finalize": { behave: cutBody },
      "GET /v1/batch/b": [gives({ batch_id: "b", status: "FINALIZED" }), gives({ batch_id: "b", status: "UPLOADING" })],
    });
    expect(await service.client.finalizeBatch("b")).toEqual({ batch_id: "b", status: "FINALIZED" });
    expect((await failureOf(service.client.finalizeBatch("b"))).code).toBe("CALL_UNCERTAIN");
  });
});

describe("calls", () => {
  it.each([200, 201, 202, 203])("P-22: %i with a body that can be read is success", async (status) => {
    await using service = await deployment({
      "POST /v1/job/from-patient": says(status, { job_id: "job", status: "QUEUED" }),
    });
    expect((await service.client.createJobFromPatient(request)).job_id).toBe("job");
  });

  it.each([
    [{ detail: "in detail", message: "in message" }, "in detail"],
    [{ detail: [{ loc: ["body", "x"], msg: "first", type: "t" }, { msg: "second" }] }, "body.x: first (t); second"],
    [{ message: "in message", error: "in error" }, "in message"],
    [{ error: "in error" }, "in error"],
    ["raw text", "raw text"],
  ])("P-23: of %j the message is taken", async (body, message) => {
    await using service = await deployment({ "GET /v1/job/job": says(400, body) });
    expect((await failureOf(service.client.getJob("job"))).message).toContain(`: ${message}.`);
  });

  it("P-24: nothing is sent beyond the contract, and nothing that is undefined", async () => {
    await using service = await deployment({ "POST /v1/batch": says(201, { batch_id: "b", status: "CREATED" }) });
    await service.client.createBatch({ name: undefined });
    expect(service.received[0]?.body).toBe('{"upload_method":"s3_multipart"}');
    const more = { ...request, priority: "high" };
    expect((await failureOf(service.client.createJobFromPatient(more))).message).toContain("priority");
    expect(service.calls).toHaveLength(1);
  });

  it("P-25: every problem of a history is named at once, before anything is sent", async () => {
    await using service = await deployment({ "POST /v1/job/from-patient": created });
    const broken = {
      outcome_ids: [],
      patient_history: { patient: { patient_id: "" }, lab_results: [{ lab_date: "2020-01-01" }] },
      idempotency_key: "k",
    } as unknown as JobFromPatientRequest;
    const error = await failureOf(service.client.createJobFromPatient(broken));
    expect(error.code).toBe("HISTORY_INVALID");
    for (const place of ["outcome_ids", "patient_id", "birth_date", "sex", "zip3", "lab_results.0.loinc"]) {
      expect(error.message).toContain(place);
    }
    expect(service.calls).toEqual([]);
  });

  it("P-26: male is M, female is F, other and unknown are U", async () => {
    await using warehouse = await openCdm({
      "vocab.concept": [concept(1, "ICD10CM", "I10")],
      "cdm.person": [8507, 8532, 8521, 0].map((gender_concept_id, i) => person(i + 1, { gender_concept_id })),
      "cdm.condition_occurrence": [1, 2, 3, 4].map((id) => condition(id, "2020-01-01", { source: 1 })),
    });
    await pipeline(mappedWarehouse(), patientHistories({ asOf: "2026-01-01" })).run(warehouse);
    const sexes = await warehouse.rows<{ sex: string }>(
      "select history ->> '$.patient.sex' as sex from features.patient_history order by person_id",
    );
    expect(sexes.map(({ sex }) => sex)).toEqual(["M", "F", "U", "U"]);
  });

  it("P-27: of a longer ZIP code only three digits are sent", async () => {
    await using service = await deployment({ "POST /v1/job/from-patient": created });
    const patient = { ...history.patient, zip3: "02139" };
    await service.client.createJobFromPatient({ ...request, patient_history: { ...history, patient } });
    expect(service.received[0]?.body).toContain('"zip3":"021"');
  });

  it("P-28: one name for the code system of each kind, in files as in histories", () => {
    expect(batchFileKinds.map((kind) => batchFiles[kind].codeSystem)).toEqual([
      undefined,
      undefined,
      "code_type_name",
      "code_type_name",
      "code_type",
    ]);
  });

  it("P-29: addresses of code systems are sent by their names, unknown ones and codes as they are", async () => {
    await using service = await deployment({ "POST /v1/job/from-patient": created });
    const systems = ["http://hl7.org/fhir/sid/icd-10-cm", "ICD9", "urn:oid:1.2.3"];
    const diagnoses = systems.map((code_type_name) => ({
      diagnosis_date: "2020-01-01",
      code: "I50.9",
      code_type_name,
    }));
    await service.client.createJobFromPatient({ ...request, patient_history: { ...history, diagnoses } });
    const [sent] = service.bodies("POST /v1/job/from-patient");
    expect((sent!.patient_history as PatientHistory).diagnoses).toEqual(
      ["ICD10", "ICD9", "urn:oid:1.2.3"].map((code_type_name) => ({
        diagnosis_date: "2020-01-01",
        code: "I50.9",
        code_type_name,
      })),
    );
    expect(phenomCodeSystem("http://www.nlm.nih.gov/research/umls/rxnorm")).toBe("RXNORM");
  });

  it("P-30: bins are handed on as they are", async () => {
    await using service = await deployment({ "GET /v1/job/job/results": gives({ items: [{ ...result, bin_id: 9 }] }) });
    expect(await all(service.client.listJobResults("job"))).toMatchObject([
      { bin_id: 9, num_bins: 100, probability: 0.25 },
    ]);
  });

  it("P-31: paths can be spelled otherwise, and links are not followed", async () => {
    const results = { api_pages: { href: "/v1/elsewhere" } };
    await using service = await deployment(
      { "GET /v1/jobs/job": gives({ job_id: "job", status: "SUCCEEDED", results }) },
      { paths: { "/v1/job/{job_id}": "/v1/jobs/{job_id}" } },
    );
    await service.client.waitForJob("job");
    expect(service.calls).toEqual(["GET /v1/jobs/job"]);
  });

  it("P-32: there is no base URL to fall back on", () => {
    expect(() => createPhenomClient({ baseUrl: "", token: "t" })).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("P-33: after 401 the token function is asked once more; tenant and request id go along", async () => {
    const hints: boolean[] = [];
    await using service = await deployment(
      { "GET /v1/job/job": [says(401, ""), gives({ job_id: "job", status: "QUEUED" })] },
      {
        tenantId: "north",
        token: ({ refresh }) => {
          hints.push(refresh);
          return `token-${hints.length}`;
        },
      },
    );
    await service.client.getJob("job");
    expect(hints).toEqual([false, true]);
    expect(service.received.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);
    const [first, second] = service.received.map(({ headers }) => headers);
    expect(first).toMatchObject({ "x-tenant-id": "north", "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(second?.["x-request-id"]).toBe(first?.["x-request-id"]);
  });

  it("P-34: an upload is opened with a body of JSON", async () => {
    await using service = await deployment({ "POST /v1/batch/b/upload": gives({}) });
    await service.client.createUpload("b", { kind: "patients", filename: "f.csv", mode: "single" });
    expect(service.received[0]?.headers["content-type"]).toBe("application/json");
  });

  it.each([404, 405, 501])(
    "P-35: %i of batches, downloads and outcomes says that they are not offered",
    async (status) => {
      const no = says(status, { detail: "coming soon" });
      await using service = await deployment({
        "POST /v1/batch": no,
        "POST /v1/outcome": no,
        "GET /v1/job/job/results/download": no,
      });
      const { client } = service;
      const calls = [
        () => client.createBatch(),
        () => client.listOutcomes(),
        () => client.getJobResultsDownload("job"),
      ];
      for (const call of calls) {
        const error = await failureOf(call());
        expect(error.code).toBe("NOT_OFFERED");
        expect(error.message).toContain("does not offer");
      }
    },
  );

  it.each(["patient-7", "score-patient-7-2026", "born:1950-02-28"])(
    "P-36: the key %s is refused",
    async (idempotency_key) => {
      await using service = await deployment({ "POST /v1/job/from-patient": created });
      const error = await failureOf(service.client.createJobFromPatient({ ...request, idempotency_key }));
      expect(error.code).toBe("USAGE");
      expect(error.message).not.toMatch(/patient-7|1950/);
      expect(service.calls).toEqual([]);
    },
  );

  it("P-37: one patient a call; a list of them is refused", async () => {
    await using service = await deployment({ "POST /v1/job/from-patient": created });
    const several = { ...request, patient_history: [history, history] } as unknown as JobFromPatientRequest;
    expect((await failureOf(service.client.createJobFromPatient(several))).code).toBe("HISTORY_INVALID");
    expect(service.calls).toEqual([]);
  });
});
