import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { jobResultPageSchema, jobSchema, type PatientHistory } from "../../../schemas/phenom.ts";
import { createPhenomEngine, type PhenomEngine, type PhenomEngineOptions } from "../../../src/engines/phenom/engine.ts";
import { localOutcomeId } from "../../../src/engines/phenom/outcomes.ts";

const authorization = "Bearer secret";

function engineWith(options: Partial<PhenomEngineOptions> = {}): PhenomEngine {
  return createPhenomEngine({ token: "secret", ...options });
}

function historyOf(birthDate: string, codes: readonly string[] = []): PatientHistory {
  return {
    patient: { patient_id: `patient born ${birthDate}`, birth_date: birthDate, sex: "F", zip3: "606" },
    diagnoses: codes.map((code) => ({ diagnosis_date: "2020-06-15", code, code_type_name: "ICD10" })),
  };
}

function requestFor(history: unknown, idempotency_key = "key", outcome_ids: unknown = [localOutcomeId]) {
  return { outcome_ids, patient_history: history, idempotency_key };
}

interface Body {
  readonly job_id: string;
  readonly status: string;
  readonly detail: { readonly loc: readonly unknown[]; readonly msg: string }[];
  readonly items: readonly unknown[];
}

async function bodyOf(response: Response): Promise<Body> {
  return (await response.json()) as Body;
}

async function post(engine: PhenomEngine, body: unknown, headers: Record<string, string> = {}) {
  return engine.request("/v1/job/from-patient", {
    method: "POST",
    headers: { authorization, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

async function get(engine: PhenomEngine, path: string) {
  const response = await engine.request(path, { headers: { authorization } });
  return { status: response.status, body: await bodyOf(response) };
}

/** Sends a history and waits until its job is done. */
async function score(engine: PhenomEngine, history: PatientHistory, key?: string): Promise<string> {
  const { job_id } = await bodyOf(await post(engine, requestFor(history, key)));
  for (;;) {
    const { body } = await get(engine, `/v1/job/${job_id}`);
    if (body.status.startsWith("SUCCEEDED")) return job_id;
    await nextTurn();
  }
}

async function resultsOf(engine: PhenomEngine, jobId: string) {
  return jobResultPageSchema.parse((await get(engine, `/v1/job/${jobId}/results`)).body).items;
}

describe("a job", () => {
  it("goes from QUEUED over RUNNING to SUCCEEDED while the work is done", async () => {
    const engine = engineWith();
    const response = await post(engine, requestFor(historyOf("1960-01-01", ["I10"])));
    const { job_id, status } = await bodyOf(response);
    expect(response.status).toBe(201);
    const seen = [status];
    while (seen.at(-1) !== "SUCCEEDED") {
      const now = (await get(engine, `/v1/job/${job_id}`)).body.status;
      if (now !== seen.at(-1)) seen.push(now);
      await nextTurn();
    }
    expect(seen).toEqual(["QUEUED", "RUNNING", "SUCCEEDED"]);
  });

  it("tells its counts when it is done, and what stands behind its score", async () => {
    const engine = engineWith();
    const jobId = await score(engine, historyOf("1960-01-01", ["I50.9", "I10"]));
    const job = jobSchema.parse((await get(engine, `/v1/job/${jobId}`)).body);
    expect(job.metrics).toMatchObject({ records_processed: 2, patients_scored: 1, patients_excluded: 0 });
    expect(job.model_source).toContain("a published index, not a trained model");
  });

  it("has no results before it is done", async () => {
    const engine = engineWith();
    const { job_id } = await bodyOf(await post(engine, requestFor(historyOf("1960-01-01"))));
    expect(await get(engine, `/v1/job/${job_id}/results`)).toMatchObject({ status: 409 });
  });

  it("excludes a patient born after the latest day of the history", async () => {
    const engine = engineWith();
    const jobId = await score(engine, historyOf("2020-06-16", ["I50.9"]));
    const { body } = await get(engine, `/v1/job/${jobId}`);
    expect(body).toMatchObject({
      status: "SUCCEEDED_WITH_EXCLUSIONS",
      metrics: { patients_scored: 0, patients_excluded: 1, exclusions_by_reason: { demographic_ineligible: 1 } },
    });
    expect(await resultsOf(engine, jobId)).toEqual([]);
  });

  it("excludes a patient of whom nothing has a day", async () => {
    const engine = engineWith();
    const jobId = await score(engine, historyOf("1960-01-01"));
    expect((await get(engine, `/v1/job/${jobId}`)).body).toMatchObject({
      status: "SUCCEEDED_WITH_EXCLUSIONS",
      metrics: { patients_excluded: 1, exclusions_by_reason: { insufficient_history: 1 } },
    });
    expect((await get(engine, `/v1/job/${jobId}/exclusions`)).body.items).toEqual([
      {
        patient_id: "patient born 1960-01-01",
        reason: "insufficient_history",
        detail: expect.stringContaining("day"),
        outcomes_affected: [localOutcomeId],
      },
    ]);
  });

  it("is forgotten, the oldest first, when there are too many", async () => {
    const engine = engineWith({ maximumJobs: 2 });
    const jobs = [];
    for (const key of ["1", "2", "3"]) jobs.push(await score(engine, historyOf("1960-01-01"), key));
    const found = await Promise.all(jobs.map((jobId) => get(engine, `/v1/job/${jobId}`)));
    expect(found.map(({ status }) => status)).toEqual([404, 200, 200]);
    expect(await score(engine, historyOf("1960-01-01"), "1")).not.toBe(jobs[0]);
  });
});

describe("results", () => {
  it("have exactly the members of the contract", async () => {
    const engine = engineWith();
    const jobId = await score(engine, historyOf("1955-01-01", ["I50.9"]));
    const { body } = await get(engine, `/v1/job/${jobId}/results`);
    expect(body).toMatchObject({ next_page_token: null, total_rows: 1 });
    expect(body.items).toEqual([
      {
        patient_id: "patient born 1955-01-01",
        outcome_id: localOutcomeId,
        probability: expect.closeTo(0.2252, 4),
        prob_lower_95_percent_bound: expect.any(Number),
        prob_upper_95_percent_bound: expect.any(Number),
        relative_probability: expect.any(Number),
        rel_lower_95_percent_bound: expect.any(Number),
        rel_upper_95_percent_bound: expect.any(Number),
        bin_id: 5,
        num_bins: 10,
      },
    ]);
  });

  it("name an outcome once, however often it is asked for", async () => {
    const engine = engineWith();
    const twice = requestFor(historyOf("1960-01-01", ["I10"]), "key", [localOutcomeId, localOutcomeId]);
    const { job_id } = await bodyOf(await post(engine, twice));
    while (!(await get(engine, `/v1/job/${job_id}`)).body.status.startsWith("SUCCEEDED")) await nextTurn();
    expect(await resultsOf(engine, job_id)).toHaveLength(1);
  });
});

describe("an idempotency key", () => {
  it("brings the same job for the same body", async () => {
    const engine = engineWith();
    const first = await score(engine, historyOf("1960-01-01"), "one");
    expect(await score(engine, historyOf("1960-01-01"), "two")).not.toBe(first);
    expect(await score(engine, historyOf("1960-01-01"), "one")).toBe(first);
  });

  it("is refused with another body", async () => {
    const engine = engineWith();
    await score(engine, historyOf("1960-01-01"), "one");
    const response = await post(engine, requestFor(historyOf("1960-01-02"), "one"));
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({ detail: expect.stringContaining("another body") });
  });
});

describe("a request is refused", () => {
  it.each([
    ["without a token", ""],
    ["with another token", "Bearer wrong"],
    ["with another scheme", "Basic secret"],
  ])("%s", async (_name, header) => {
    const response = await post(engineWith(), requestFor(historyOf("1960-01-01")), { authorization: header });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toEqual({ detail: expect.any(String) });
  });

  it("when members are wrong, naming each place and no value", async () => {
    const history = {
      patient: { patient_id: "Jane Doe", birth_date: "28.02.1950", sex: "woman", zip3: "6", phone: "555-0100" },
      diagnoses: [{ diagnosis_date: "2020-01-01", code: 4711, code_type_name: "ICD10" }],
    };
    const response = await post(engineWith(), requestFor(history));
    const text = await response.text();
    expect(response.status).toBe(422);
    expect(JSON.parse(text).detail.map(({ loc }: { loc: unknown[] }) => loc.join("."))).toEqual([
      "body.patient_history.patient.birth_date",
      "body.patient_history.patient.sex",
      "body.patient_history.patient.zip3",
      "body.patient_history.patient.phone",
      "body.patient_history.diagnoses.0.code",
    ]);
    expect(text).not.toMatch(/Jane|28\.02|woman|555|4711/);
  });

  it("for an outcome the engine does not offer", async () => {
    const response = await post(engineWith(), requestFor(historyOf("1960-01-01"), "key", [localOutcomeId, "other"]));
    const [problem] = (await bodyOf(response)).detail;
    expect(response.status).toBe(422);
    expect(problem?.loc).toEqual(["body", "outcome_ids", 1]);
    expect(problem?.msg).toContain(localOutcomeId);
  });

  it("when the body is not JSON", async () => {
    expect((await post(engineWith(), "birth_date=1950")).status).toBe(400);
  });

  it.each(["page_size=0", "page_size=5001", "page_size=x", "page=0", "page_token=x"])("for %s", async (query) => {
    const engine = engineWith();
    const jobId = await score(engine, historyOf("1960-01-01"));
    const { status, body } = await get(engine, `/v1/job/${jobId}/results?${query}`);
    expect(status).toBe(422);
    expect(body.detail[0]?.loc).toEqual(["query", query.split("=")[0]]);
  });

  it.each(["/v1/job/unknown", "/v1/job/unknown/results", "/v1/batch/unknown", "/v1/nothing", "/"])(
    "at %s, which is not there",
    async (path) => {
      expect(await get(engineWith(), path)).toEqual({ status: 404, body: { detail: expect.any(String) } });
    },
  );
});

describe("every answer", () => {
  it("is read as JSON whatever its content type says", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await post(engineWith(), requestFor(historyOf("1960-01-01")), headers)).status).toBe(201);
  });

  it("says in a header that this is an index and no trained model", async () => {
    const engine = engineWith();
    const responses = [await post(engine, requestFor(historyOf("1960-01-01"))), await engine.request("/nowhere")];
    for (const { headers } of responses) expect(headers.get("x-model-source")).toContain("not a trained model");
  });
});
