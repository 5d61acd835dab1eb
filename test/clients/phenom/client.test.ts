import { describe, expect, it } from "vitest";
import type { PatientHistory } from "../../../schemas/phenom.ts";
import { createPhenomClient, type PhenomClient, type PhenomClientOptions } from "../../../src/clients/phenom/client.ts";
import { OmopipeError } from "../../../src/pipeline/errors.ts";
import { answer, hangUp, type Loopback, loopback } from "../http/loopback.ts";

const history: PatientHistory = {
  patient: { patient_id: "patient-7", birth_date: "1950-02-28", sex: "F", zip3: "606" },
  lab_results: [{ lab_date: "2024-03-31", loinc: "2160-0", value_abnormal: null }],
  diagnoses: [{ diagnosis_date: "2020-01-01", code: "I50.9", code_type_name: "ICD10" }],
};
const request = { outcome_ids: ["outcome"], patient_history: history, idempotency_key: "key-1" };

const result = {
  patient_id: "patient-7",
  outcome_id: "outcome",
  probability: 0.25,
  prob_lower_95_percent_bound: 0.2,
  prob_upper_95_percent_bound: 0.3,
  relative_probability: 2,
  rel_lower_95_percent_bound: 1.6,
  rel_upper_95_percent_bound: 2.4,
  bin_id: 7,
  num_bins: 10,
};

const created = answer(201, { job_id: "job 1", status: "QUEUED" });
const job = (status: string, more: object = {}) => answer(200, { job_id: "job 1", status, ...more });

function clientOf(server: Loopback, options: Partial<PhenomClientOptions> = {}): PhenomClient {
  return createPhenomClient({
    baseUrl: server.url,
    token: "secret-token",
    backoff: { firstMilliseconds: 1, capMilliseconds: 2 },
    poll: { firstMilliseconds: 1, capMilliseconds: 5, deadlineMilliseconds: 2000 },
    ...options,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<OmopipeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OmopipeError)) throw new Error(`expected an OmopipeError, got ${String(error)}`);
  return error;
}

describe("creating a job", () => {
  it("posts the request as the contract has it, with token and tenant", async () => {
    await using server = await loopback(created);
    const made = await clientOf(server, { tenantId: "north" }).createJobFromPatient(request);
    expect(made).toEqual({ job_id: "job 1", status: "QUEUED" });
    const [sent] = server.received;
    expect([sent?.method, sent?.url]).toEqual(["POST", "/v1/job/from-patient"]);
    expect(sent?.headers).toMatchObject({
      authorization: "Bearer secret-token",
      "x-tenant-id": "north",
      "content-type": "application/json",
    });
    expect(JSON.parse(sent?.body ?? "")).toEqual(request);
  });

  it("carries the same idempotency key and body on every try", async () => {
    await using server = await loopback(answer(503, ""), hangUp, answer(429, ""), created);
    await clientOf(server).createJobFromPatient(request);
    expect(server.received).toHaveLength(4);
    expect(new Set(server.received.map(({ body }) => body)).size).toBe(1);
  });

  it("keeps a path in the base URL", async () => {
    await using server = await loopback(created);
    await clientOf(server, { baseUrl: `${server.url}/phenom/` }).createJobFromPatient(request);
    expect(server.received[0]?.url).toBe("/phenom/v1/job/from-patient");
  });

  it("does not follow a redirect with the patient's data", async () => {
    await using elsewhere = await loopback(created);
    await using server = await loopback(answer(307, "", { location: `${elsewhere.url}/v1/job/from-patient` }));
    expect((await failureOf(clientOf(server).createJobFromPatient(request))).message).toContain("answered 307");
    expect(elsewhere.received).toHaveLength(0);
  });

  it("sends no history that does not fit, and names every member that is wrong, but no value", async () => {
    await using server = await loopback(created);
    const patient = { ...history.patient, birth_date: "28.02.1950", sex: "female" as "F", name: "Jane Doe" };
    const error = await failureOf(
      clientOf(server).createJobFromPatient({ ...request, patient_history: { ...history, patient } }),
    );
    expect(error.code).toBe("HISTORY_INVALID");
    for (const place of ["birth_date", "sex", "name"])
      expect(error.message).toContain(`patient_history.patient.${place}`);
    expect(error.message).not.toMatch(/28\.02|female|Jane/);
    expect(server.received).toHaveLength(0);
  });

  it("shows of a 422 only places, messages and kinds, cleared of the patient's own texts", async () => {
    const problem = {
      loc: ["body", "patient_history", "patient", "patient_id"],
      msg: "patient-7 is taken",
      type: "value_error",
      input: history.patient,
    };
    await using server = await loopback(answer(422, { detail: [problem] }));
    const { message } = await failureOf(clientOf(server).createJobFromPatient(request));
    expect(message).toContain("body.patient_history.patient.patient_id: [withheld] is taken (value_error)");
    expect(message).not.toMatch(/patient-7|1950|606/);
  });
});

describe("a history that is JSON already", () => {
  const json = JSON.stringify({ ...history, diagnoses: [] });

  it("is sent as it is, in a request of the same members", async () => {
    await using server = await loopback(created);
    const patient_history = { patientId: "patient-7", json: Buffer.from(json) };
    await clientOf(server).createJobFromPatient({ ...request, patient_history });
    expect(server.received[0]?.body).toBe(
      `{"outcome_ids":["outcome"],"idempotency_key":"key-1","patient_history":${json}}`,
    );
  });

  it("is kept out of messages, and its patient out of keys, as any other", async () => {
    const detail = "patient-7, born 1950-02-28 in 606, is taken";
    await using server = await loopback(answer(422, { detail }));
    const patient_history = { patientId: "patient-7", json: Buffer.from(json) };
    const { message } = await failureOf(clientOf(server).createJobFromPatient({ ...request, patient_history }));
    expect(message).toContain("[withheld], born [withheld] in [withheld], is taken");
    const telling = { ...request, patient_history, idempotency_key: "key of Patient-7" };
    expect((await failureOf(clientOf(server).createJobFromPatient(telling))).code).toBe("USAGE");
    expect(server.received).toHaveLength(1);
  });
});

describe("waiting for a job", () => {
  it.each(["SUCCEEDED", "succeeded", "SUCCEEDED_WITH_EXCLUSIONS"])("ends well at %s", async (status) => {
    await using server = await loopback(job("QUEUED"), job("RUNNING"), job("SOMETHING_NEW"), job(status));
    expect((await clientOf(server).waitForJob("job 1")).status).toBe(status);
    expect(server.received.map(({ url }) => url)).toEqual(Array(4).fill("/v1/job/job%201"));
  });

  it.each(["FAILED", "failed", "CANCELLED", "CANCELED", "EXPIRED", "ERROR"])(
    "throws JOB_FAILED at %s",
    async (status) => {
      await using server = await loopback(job(status, { error_message: "no model" }));
      const error = await failureOf(clientOf(server).waitForJob("job 1"));
      expect(error).toMatchObject({ code: "JOB_FAILED", retryable: false, record: "job job 1" });
      expect(error.message).toContain("no model");
    },
  );

  it("throws JOB_TIMEOUT, worth another try, when the deadline has passed", async () => {
    await using server = await loopback(job("RUNNING"));
    const poll = { firstMilliseconds: 1, deadlineMilliseconds: 30 };
    const error = await failureOf(clientOf(server, { poll }).waitForJob("job 1"));
    expect(error).toMatchObject({ code: "JOB_TIMEOUT", retryable: true });
    expect(server.received.length).toBeGreaterThan(1);
  });

  it("honours Retry-After between two looks", async () => {
    const later = answer(200, { job_id: "job 1", status: "RUNNING" }, { "retry-after": "0" });
    await using server = await loopback(later, job("SUCCEEDED"));
    const start = performance.now();
    await clientOf(server, { poll: { firstMilliseconds: 20, factor: 1000, deadlineMilliseconds: 5000 } }).waitForJob(
      "job 1",
    );
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("stops when told to", async () => {
    await using server = await loopback(job("RUNNING"));
    const signal = AbortSignal.timeout(30);
    const poll = { firstMilliseconds: 60_000, capMilliseconds: 60_000 };
    expect((await failureOf(clientOf(server, { poll }).waitForJob("job 1", { signal }))).code).toBe("ABORTED");
  });
});

describe("listing results", () => {
  it("asks page after page, only when the page is wanted", async () => {
    await using server = await loopback(
      answer(200, { items: [result], next_page_token: "next/1", total_rows: null }),
      answer(200, { items: [{ ...result, outcome_id: "other" }], next_page_token: null }),
    );
    const pages = clientOf(server, { pageSize: 9999 }).listJobResults("job 1")[Symbol.asyncIterator]();
    expect((await pages.next()).value).toEqual([result]);
    expect(server.received).toHaveLength(1);
    expect((await pages.next()).value).toMatchObject([{ outcome_id: "other" }]);
    expect((await pages.next()).done).toBe(true);
    expect(server.received.map(({ url }) => url)).toEqual([
      "/v1/job/job%201/results?page_size=5000",
      "/v1/job/job%201/results?page_size=5000&page_token=next%2F1",
    ]);
  });

  it("refuses a probability out of range by its place", async () => {
    await using server = await loopback(answer(200, { items: [result, { ...result, probability: 1.7321 }] }));
    const pages = clientOf(server).listJobResults("job 1")[Symbol.asyncIterator]();
    const error = await failureOf(pages.next());
    expect(error.code).toBe("RESPONSE_INVALID");
    expect(error.message).toContain("items.1.probability");
    expect(error.message).not.toContain("1.7321");
  });
});

describe("scoring a patient", () => {
  it("queues, waits and collects all pages", async () => {
    await using server = await loopback(
      created,
      job("RUNNING"),
      job("SUCCEEDED"),
      answer(200, { items: [result], next_page_token: "2" }),
      answer(200, { items: [{ ...result, outcome_id: "other" }] }),
    );
    const scored = await clientOf(server).scorePatient({ history, outcomeIds: ["outcome", "other"] });
    expect(scored.job.status).toBe("SUCCEEDED");
    expect(scored.results.map(({ outcome_id }) => outcome_id)).toEqual(["outcome", "other"]);
    expect(JSON.parse(server.received[0]?.body ?? "").idempotency_key).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("looks at the next job later where the first look came too early", async () => {
    const page = answer(200, { items: [result] });
    const done = job("SUCCEEDED");
    await using server = await loopback(created, job("RUNNING"), done, page, created, done, page);
    const client = clientOf(server, { poll: { firstMilliseconds: 50 } });
    await client.scorePatient({ history, outcomeIds: ["outcome"] });
    await client.scorePatient({ history, outcomeIds: ["outcome"] });
    expect(server.received).toHaveLength(7);
  });

  it("never hands over the result of another patient", async () => {
    const stranger = answer(200, { items: [{ ...result, patient_id: "patient-8" }] });
    await using server = await loopback(created, job("SUCCEEDED"), stranger);
    const error = await failureOf(clientOf(server).scorePatient({ history, outcomeIds: ["outcome"] }));
    expect(error.code).toBe("RESPONSE_INVALID");
    expect(error.message).not.toMatch(/patient-[78]/);
  });

  it("keeps the patient out of the reason of a failed job and of late errors", async () => {
    await using failing = await loopback(created, job("FAILED", { error_message: "patient-7 has no data in 606" }));
    const failed = await failureOf(clientOf(failing).scorePatient({ history, outcomeIds: ["outcome"] }));
    expect(failed.message).toContain("[withheld] has no data in [withheld]");

    await using losing = await loopback(created, job("SUCCEEDED"), answer(404, { detail: "lost patient-7" }));
    const lost = await failureOf(clientOf(losing).scorePatient({ history, outcomeIds: ["outcome"] }));
    expect(lost.message).toContain("lost [withheld]");
  });
});

describe("the base URL", () => {
  it.each(["", "phenom.example", "ftp://phenom.example", "https://me:pw@phenom.example", "https://phenom.example?x=1"])(
    "%j is refused",
    (baseUrl) => {
      expect(() => createPhenomClient({ baseUrl, token: "t" })).toThrow(expect.objectContaining({ code: "USAGE" }));
    },
  );
});
